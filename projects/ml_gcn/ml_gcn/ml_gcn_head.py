"""Classifiers that a graph of labels generates."""

from mmdet.registry import MODELS
from torch import Tensor

from mmscanet.models import LabelGraphHead


@MODELS.register_module()
class MLGCNHead(LabelGraphHead):
    """Max pooling and linear classifiers, which a GCN makes of label embeddings.

    Z. Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks",
    CVPR 2019. Settings are those of :class:`LabelGraphHead`.
    """

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return feats[-1].amax((2, 3)) @ self.classifiers().T + self.bias
