"""Heads of image classifiers."""

from .multi_label_cls_head import MultiLabelClsHead

__all__ = ['MultiLabelClsHead']
