"""Class activation maps of classifiers that a label graph makes."""

import torch
from mmdet.registry import MODELS
from mmengine.model import bias_init_with_prob
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import (
    LabelEmbeddings,
    LabelGCN,
    LabelStatistics,
    MultiLabelClsHead,
    share_with_neighbours,
)


@MODELS.register_module()
class WSLGCNHead(MultiLabelClsHead):
    """Score each cell by the classifiers of a GCN; the image has its best cell's.

    Y. Liu et al., "Weakly supervised image classification and pointwise localization
    with graph convolutional networks", Pattern Recognition, 2021. The label graph
    is ML-GCN's (Z. Chen et al., CVPR 2019).

    Args:
        in_channels: D of the last feature map.
        hidden_channels: Width of the GCN's first layer.
        tau: Label j is a neighbour of label i if it is in this share of the images
            with i.
        p: What a label takes from its neighbours in all.
        embeddings: Arguments of :class:`LabelEmbeddings`, which the label vectors start
            from; they are trained.
        prior: The probability that scores start from, by one bias for all labels.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``tau`` or ``p`` is not in [0, 1].
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 1024,
        tau: float = 0.4,
        p: float = 0.2,
        embeddings: dict | None = None,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        for name, value in dict(tau=tau, p=p).items():
            if not 0 <= value <= 1:
                raise ConfigError(f'{name} must be in [0, 1], not {value}')
        super().__init__(num_classes, **kwargs)
        self.tau = tau
        self.p = p
        self.statistics = LabelStatistics(num_classes)
        self.embeddings = LabelEmbeddings(num_classes, **(embeddings or {}))
        channels = self.embeddings.channels
        # Apart from the vectors that they start from: a resumed run makes those anew.
        self.offsets = nn.Parameter(torch.zeros(num_classes, channels))
        self.gcn = LabelGCN(channels, hidden_channels, in_channels)
        self.bias = nn.Parameter(torch.tensor(float(bias_init_with_prob(prior))))

    def classifiers(self) -> Tensor:
        """The linear classifiers (C, D) of the labels."""
        edges = self.statistics.conditional() >= self.tau
        nodes = self.embeddings() + self.offsets
        return self.gcn(nodes, share_with_neighbours(edges, self.p))[-1]

    def maps(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The logit of each cell, (B, C, H, W), of ``feats[-1]`` (B, D, H, W)."""
        x = feats[-1]
        kernels = self.classifiers().to(x.dtype)[:, :, None, None]
        return F.conv2d(x, kernels) + self.bias

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.maps(feats).amax((2, 3))
