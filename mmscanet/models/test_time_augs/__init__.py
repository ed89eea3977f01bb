"""How the predictions of several views of an image are merged."""

from .multi_label_tta import MultiLabelTTAModel

__all__ = ['MultiLabelTTAModel']
