"""Layers that the heads of peers share, most of them about labels."""

from .beam_search import label_marginals
from .global_pooling import GlobalPooling
from .graph_convolution import GraphConvolution
from .label_embeddings import LabelEmbeddings
from .label_gcn import LabelGCN
from .label_graph import share_with_neighbours
from .label_sequence import frequent_first, label_sequences, next_log_prob
from .label_statistics import LabelStatistics, LearnsLabels
from .labelwise_linear import LabelwiseLinear

__all__ = [
    'GlobalPooling',
    'GraphConvolution',
    'LabelEmbeddings',
    'LabelGCN',
    'LabelStatistics',
    'LabelwiseLinear',
    'LearnsLabels',
    'frequent_first',
    'label_marginals',
    'label_sequences',
    'next_log_prob',
    'share_with_neighbours',
]
