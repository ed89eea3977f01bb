"""Vectors of labels that are as similar as the labels are often together."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import LabelStatistics
from mmscanet.models.layers import LearnsLabels


class SimilarityEmbeddings(LearnsLabels):
    """Adjacency-based similarity graph embedding (ASGE); 0 before training.

    R. You et al., "Cross-Modality Attention with Semantic Graph Embedding for
    Multi-Label Classification", AAAI 2020. The vectors are trained on the graph of the
    training labels alone, once, before the images; the same labels give the same
    vectors.

    Args:
        num_classes: C.
        channels: E, the length of a vector.
        alpha: Pairs of labels of which both the adjacency and the similarity are below
            this are similar enough, and have no loss.
        steps: Steps of training.

    Attributes:
        vectors: (C, E) float, of length 1.

    Raises:
        ConfigError: If ``alpha`` is not in [0, 1].
    """

    def __init__(
        self, num_classes: int, channels: int, alpha: float = 0.1, steps: int = 300
    ) -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise ConfigError(f'alpha must be in [0, 1], not {alpha}')
        self.alpha = alpha
        self.steps = steps
        self.register_buffer('vectors', torch.zeros(num_classes, channels))

    def forward(self) -> Tensor:
        """The vectors (C, E)."""
        return self.vectors

    def learn_labels(self, cells: Tensor, classes: tuple[str, ...]) -> None:
        """Train the vectors; see :meth:`LearnsLabels.learn_labels`."""
        statistics = LabelStatistics(cells.shape[1])
        statistics.learn_labels(cells, classes)
        adjacency = statistics.conditional()
        start = torch.Generator().manual_seed(0)
        vectors = nn.Parameter(torch.randn(self.vectors.shape, generator=start))
        optimizer = torch.optim.Adam([vectors], lr=0.05)
        for _ in range(self.steps):
            optimizer.zero_grad()
            similarity_loss(vectors, adjacency, self.alpha).backward()
            optimizer.step()
        self.vectors.copy_(F.normalize(vectors.detach(), dim=1))


def similarity_loss(vectors: Tensor, adjacency: Tensor, alpha: float) -> Tensor:
    """How far cosine similarities are from the adjacency, a scalar.

    The sum of squares over ordered pairs of different labels: as similarity is
    symmetric, it tends to the mean of an edge's two directions.

    Args:
        vectors: (C, E).
        adjacency: (C, C), in [0, 1].
        alpha: See :class:`SimilarityEmbeddings`.
    """
    directions = F.normalize(vectors, dim=1)
    similarity = directions @ directions.T
    counts = (adjacency >= alpha) | (similarity.detach() >= alpha)
    return ((similarity - adjacency).square() * counts.fill_diagonal_(False)).sum()
