"""Heads of image classifiers."""

from .label_graph_head import LabelGraphHead
from .label_query_head import LabelQueryHead
from .label_sequence_head import LabelSequenceHead
from .multi_label_cls_head import MultiLabelClsHead

__all__ = [
    'LabelGraphHead',
    'LabelQueryHead',
    'LabelSequenceHead',
    'MultiLabelClsHead',
]
