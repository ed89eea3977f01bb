"""The models: SCANet and the classifier of its peers, their heads and losses."""

from .classifiers import MultiLabelClassifier
from .detectors import ChannelsLastMixin, SCANet
from .heads import MultiLabelClsHead
from .layers import GraphConvolution, LabelEmbeddings, LabelStatistics
from .losses import PatchLabelLoss
from .roi_heads import (
    ContextExpandRoIExtractor,
    MultiLabelBBoxHead,
    SCAFusion,
    SCARoIHead,
)

__all__ = [
    'ChannelsLastMixin',
    'ContextExpandRoIExtractor',
    'GraphConvolution',
    'LabelEmbeddings',
    'LabelStatistics',
    'MultiLabelBBoxHead',
    'MultiLabelClassifier',
    'MultiLabelClsHead',
    'PatchLabelLoss',
    'SCAFusion',
    'SCANet',
    'SCARoIHead',
]
