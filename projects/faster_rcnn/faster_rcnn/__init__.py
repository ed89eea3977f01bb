"""The control: a plain detector that labels images."""

from .multi_label_faster_rcnn import MultiLabelFasterRCNN

__all__ = ['MultiLabelFasterRCNN']
