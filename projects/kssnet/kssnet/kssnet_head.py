"""Classifiers and label vectors from a superimposed label graph."""

from collections.abc import Sequence

from mmdet.registry import MODELS
from mmengine.model import ModuleList
from torch import Tensor
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import LabelGraphHead, share_with_neighbours
from mmscanet.models.heads.label_graph_head import require_shares

from .knowledge_graph import KnowledgeGraph
from .lateral_connection import LateralConnection


@MODELS.register_module()
class KSSNetHead(LabelGraphHead):
    """Classifiers of a GCN over two graphs, whose layers the backbone sees too.

    Y. Wang et al., "Multi-Label Classification with Label Graph Superimposing", AAAI
    2020. To be used in a :class:`KSSNet`, which places the lateral connections.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: Widths of the GCN's hidden layers.
        stage_channels: Widths of the stages that they are injected into, by default
            the same, as in the paper. A narrow backbone's would leave the GCN too
            little room.
        tau: Labels that are in less than this share of the images with a label are no
            neighbours of it in the statistical graph.
        lam: Weight of the statistical graph; the knowledge graph has ``1 - lam``.
        eta: What a label takes from its neighbours in all.
        knowledge: File of relations, see :class:`KnowledgeGraph`. Without one labels
            are related as far as their embeddings are similar.
        **kwargs: Those of :class:`LabelGraphHead`, less ``p``, which ``eta`` is.

    Raises:
        ConfigError: If ``tau``, ``lam`` or ``eta`` is not in [0, 1], or
            ``stage_channels`` has not as many numbers as ``hidden_channels``.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: Sequence[int],
        stage_channels: Sequence[int] | None = None,
        tau: float = 0.4,
        lam: float = 0.4,
        eta: float = 0.4,
        knowledge: str | None = None,
        **kwargs: object,
    ) -> None:
        require_shares(lam=lam, eta=eta)
        super().__init__(
            in_channels, num_classes, hidden_channels, tau=tau, p=eta, **kwargs
        )
        self.lam = lam
        self.knowledge = KnowledgeGraph(num_classes, knowledge) if knowledge else None
        stages = hidden_channels if stage_channels is None else stage_channels
        if len(stages) != len(hidden_channels):
            raise ConfigError(
                f'stage_channels must have {len(hidden_channels)} numbers, as '
                f'hidden_channels has, not {len(stages)}'
            )
        self.laterals = ModuleList(map(LateralConnection, stages, hidden_channels))

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
        return share_with_neighbours(graph, self.p)

    def inject(self, layer: int, x: Tensor) -> Tensor:
        """A stage's feature map (B, D_l, H, W), with the vectors of a hidden layer."""
        return self.laterals[layer](x, self.label_vectors()[layer])
