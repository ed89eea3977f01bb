"""Classifiers that a graph of labels generates."""

from mmdet.registry import MODELS

from mmscanet.models import LabelGraphHead


@MODELS.register_module()
class MLGCNHead(LabelGraphHead):
    """Max pooling and linear classifiers, which a GCN makes of label embeddings.

    Z. Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks",
    CVPR 2019. Settings are those of :class:`LabelGraphHead`.
    """
