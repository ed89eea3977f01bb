"""The models: SCANet and the classifier of its peers, their heads and losses."""

from .classifiers import MultiLabelClassifier
from .detectors import ChannelsLastMixin, MixedPrecisionMixin, SCANet
from .heads import (
    LabelGraphHead,
    LabelQueryHead,
    LabelSequenceHead,
    MultiLabelClsHead,
)
from .layers import (
    GraphConvolution,
    LabelEmbeddings,
    LabelGCN,
    LabelStatistics,
    LabelwiseLinear,
    share_with_neighbours,
)
from .losses import PatchLabelLoss
from .roi_heads import (
    AdaptiveContextRoIExtractor,
    ContextExpandRoIExtractor,
    LabelDependencyBBoxHead,
    MultiLabelBBoxHead,
    SCAFusion,
    SCARoIHead,
)
from .task_modules import DoubtfulBoxAssigner
from .test_time_augs import MultiLabelTTAModel

__all__ = [
    'AdaptiveContextRoIExtractor',
    'ChannelsLastMixin',
    'ContextExpandRoIExtractor',
    'DoubtfulBoxAssigner',
    'GraphConvolution',
    'LabelDependencyBBoxHead',
    'LabelEmbeddings',
    'LabelGCN',
    'LabelGraphHead',
    'LabelQueryHead',
    'LabelSequenceHead',
    'LabelStatistics',
    'LabelwiseLinear',
    'MixedPrecisionMixin',
    'MultiLabelBBoxHead',
    'MultiLabelClassifier',
    'MultiLabelClsHead',
    'MultiLabelTTAModel',
    'PatchLabelLoss',
    'SCAFusion',
    'SCANet',
    'SCARoIHead',
    'share_with_neighbours',
]
