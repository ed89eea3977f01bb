"""Layers of heads that know how labels go together."""

from .graph_convolution import GraphConvolution
from .label_embeddings import LabelEmbeddings
from .label_statistics import LabelStatistics, LearnsLabels

__all__ = ['GraphConvolution', 'LabelEmbeddings', 'LabelStatistics', 'LearnsLabels']
