"""Models that label whole images, to compare SCANet with."""

from .multi_label_classifier import MultiLabelClassifier

__all__ = ['MultiLabelClassifier']
