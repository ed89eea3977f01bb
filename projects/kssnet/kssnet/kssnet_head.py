"""Classifiers and label vectors from a superimposed label graph."""

from collections.abc import Sequence

import torch
from mmdet.registry import MODELS
from mmengine.model import ModuleList, bias_init_with_prob
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

from .knowledge_graph import KnowledgeGraph
from .lateral_connection import LateralConnection


@MODELS.register_module()
class KSSNetHead(MultiLabelClsHead):
    """Max pooling and linear classifiers of a GCN, whose layers the backbone sees too.

    Y. Wang et al., "Multi-Label Classification with Label Graph Superimposing", AAAI
    2020. To be used in a :class:`KSSNet`, which places the lateral connections.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: Widths of the GCN's hidden layers, those of the stages that
            they are injected into.
        tau: Labels that are in less than this share of the images with a label are no
            neighbours of it in the statistical graph.
        lam: Weight of the statistical graph; the knowledge graph has ``1 - lam``.
        eta: What a label takes from its neighbours in all.
        knowledge: File of relations, see :class:`KnowledgeGraph`. Without one labels
            are related as far as their embeddings are similar.
        embeddings: Arguments of :class:`LabelEmbeddings`; by default the vectors are
            made from the training labels.
        prior: The probability that scores start from, by one bias for all labels.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``tau``, ``lam`` or ``eta`` is not in [0, 1].
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: Sequence[int],
        tau: float = 0.4,
        lam: float = 0.4,
        eta: float = 0.4,
        knowledge: str | None = None,
        embeddings: dict | None = None,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        for name, value in dict(tau=tau, lam=lam, eta=eta).items():
            if not 0 <= value <= 1:
                raise ConfigError(f'{name} must be in [0, 1], not {value}')
        super().__init__(num_classes, **kwargs)
        self.tau = tau
        self.lam = lam
        self.eta = eta
        self.statistics = LabelStatistics(num_classes)
        self.embeddings = LabelEmbeddings(num_classes, **(embeddings or {}))
        self.knowledge = KnowledgeGraph(num_classes, knowledge) if knowledge else None
        self.gcn = LabelGCN(self.embeddings.channels, *hidden_channels, in_channels)
        self.laterals = ModuleList(map(LateralConnection, hidden_channels))
        self.bias = nn.Parameter(torch.tensor(float(bias_init_with_prob(prior))))

    def knowledge_graph(self) -> Tensor:
        """How strongly labels are related (C, C), at least 0."""
        if self.knowledge is not None:
            return self.knowledge()
        directions = F.normalize(self.embeddings(), dim=1)
        return (directions @ directions.T).clamp(min=0)

    def adjacency(self) -> Tensor:
        """The superimposed graph (C, C); the identity before training.

        Both graphs share 1 among the neighbours of a label, so that they weigh alike
        in their sum, and of that the label takes ``eta``.
        """
        conditional = self.statistics.conditional()
        statistical = conditional * (conditional >= self.tau)
        graph = sum(
            weight * share_with_neighbours(edges, 1)
            for weight, edges in (
                (self.lam, statistical),
                (1 - self.lam, self.knowledge_graph()),
            )
        )
        return share_with_neighbours(graph, self.eta)

    def label_vectors(self) -> list[Tensor]:
        """The vectors (C, D_l) of the labels after each layer of the GCN.

        The last are their linear classifiers.
        """
        return self.gcn(self.embeddings(), self.adjacency())

    def inject(self, layer: int, x: Tensor) -> Tensor:
        """A stage's feature map (B, D_l, H, W), with the vectors of a hidden layer."""
        return self.laterals[layer](x, self.label_vectors()[layer])

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return feats[-1].amax((2, 3)) @ self.label_vectors()[-1].T + self.bias
