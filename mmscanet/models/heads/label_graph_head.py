"""Heads whose classifiers are made by a graph of labels."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models.layers.label_embeddings import LabelEmbeddings
from mmscanet.models.layers.label_gcn import LabelGCN
from mmscanet.models.layers.label_graph import share_with_neighbours
from mmscanet.models.layers.label_statistics import LabelStatistics
from mmscanet.models.layers.prior_bias import prior_bias

from .multi_label_cls_head import MultiLabelClsHead


class LabelGraphHead(MultiLabelClsHead):
    """Max pooling and linear classifiers, which a GCN makes of label embeddings.

    Z. Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks",
    CVPR 2019. Peers replace the graph, its nodes or what the classifiers read.

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        hidden_channels: Widths of the GCN's layers but the last, or of the only one.
        tau: Label j is a neighbour of label i if it is in this share of the images
            with i (Eq. 7).
        p: What a label takes from its neighbours in all; it keeps ``1 - p`` of itself
            (Eq. 8).
        embeddings: Arguments of :class:`LabelEmbeddings`; by default the vectors are
            made from the training labels.
        prior: The probability that scores start from, by one bias for all labels.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``tau`` or ``p`` is not in [0, 1], or ``prior`` no probability
            between 0 and 1.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int | Sequence[int] = 1024,
        tau: float = 0.4,
        p: float = 0.2,
        embeddings: dict | None = None,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        require_shares(tau=tau, p=p)
        super().__init__(num_classes, **kwargs)
        self.tau = tau
        self.p = p
        self.statistics = LabelStatistics(num_classes)
        self.embeddings = LabelEmbeddings(num_classes, **(embeddings or {}))
        if isinstance(hidden_channels, int):
            hidden_channels = (hidden_channels,)
        self.gcn = LabelGCN(self.embeddings.channels, *hidden_channels, in_channels)
        self.bias = nn.Parameter(torch.tensor(prior_bias(prior)))

    def adjacency(self) -> Tensor:
        """The label graph (C, C); the identity before training.

        Eq. 7: an edge where ``P(j | i) >= tau``. Eq. 8: all neighbours of a label
        share the weight p, the label itself has 1 - p; a label without neighbours
        keeps all.
        """
        edges = self.statistics.conditional() >= self.tau
        return share_with_neighbours(edges, self.p)

    def nodes(self) -> Tensor:
        """The vectors (C, E) that the graph's nodes start from."""
        return self.embeddings()

    def label_vectors(self) -> list[Tensor]:
        """The vectors (C, D_l) of the labels after each layer of the GCN.

        The last are their linear classifiers.
        """
        return self.gcn(self.nodes(), self.adjacency())

    def classifiers(self) -> Tensor:
        """The linear classifiers (C, D) of the labels."""
        return self.label_vectors()[-1]

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return feats[-1].amax((2, 3)) @ self.classifiers().T + self.bias


def require_shares(**shares: float) -> None:
    """Refuse settings that are no shares.

    Raises:
        ConfigError: One is not in [0, 1]; it is named.
    """
    for name, value in shares.items():
        if not 0 <= value <= 1:
            raise ConfigError(f'{name} must be in [0, 1], not {value}')
