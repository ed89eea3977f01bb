"""Class activation maps of classifiers that a label graph makes."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.models import LabelGraphHead
from mmscanet.models.layers import GlobalPooling


@MODELS.register_module()
class WSLGCNHead(LabelGraphHead):
    """Score each cell by the classifiers of a GCN, and the image by these scores.

    Y. Liu et al., "Weakly supervised image classification and pointwise localization
    with graph convolutional networks", Pattern Recognition, 2021. The label graph
    is ML-GCN's; the label vectors start from the embeddings and are trained.

    Args:
        pool: What the image has of its cells' scores, see :class:`GlobalPooling`.
        **kwargs: Those of :class:`LabelGraphHead`.

    Raises:
        ConfigError: See :class:`LabelGraphHead` and :class:`GlobalPooling`.
    """

    def __init__(self, pool: str = 'avg', **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.pool = GlobalPooling(pool)
        # Apart from the vectors that they start from, which the labels give.
        self.offsets = nn.Parameter(torch.zeros_like(self.embeddings.vectors))

    def nodes(self) -> Tensor:
        """The vectors (C, E) that the graph's nodes start from."""
        return self.embeddings() + self.offsets

    def maps(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The logit of each cell, (B, C, H, W), of ``feats[-1]`` (B, D, H, W)."""
        x = feats[-1]
        kernels = self.classifiers().to(x.dtype)[:, :, None, None]
        return F.conv2d(x, kernels) + self.bias

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.pool(self.maps(feats))
