"""How often labels occur in the training images, alone and together."""

from abc import ABCMeta, abstractmethod

import torch
from torch import Tensor, nn


class LearnsLabels(nn.Module, metaclass=ABCMeta):
    """Part of a model that is told the labels of the training images.

    ``LabelStatisticsHook`` tells them once, before training. What it keeps of them
    are buffers, so that a checkpoint needs no training data.
    """

    @abstractmethod
    def learn_labels(self, cells: Tensor, classes: tuple[str, ...]) -> None:
        """Take up the labels of N images.

        Args:
            cells: (N, C) int8: 1 present, 0 absent, -1 not scored.
            classes: The names of the C labels.
        """


class LabelStatistics(LearnsLabels):
    """Counts of labels and of pairs of labels; 0 before training.

    Args:
        num_classes: C.

    Attributes:
        num_images: () long, the number of training images.
        co_occurrence: (C, C) long, images that have both labels; the diagonal has
            those of a single label.
        scored: (C, C) long, at [i, j] the images that have label i and are scored for
            label j.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.register_buffer('num_images', torch.zeros((), dtype=torch.long))
        for name in ('co_occurrence', 'scored'):
            pairs = torch.zeros(num_classes, num_classes, dtype=torch.long)
            self.register_buffer(name, pairs)

    def learn_labels(self, cells: Tensor, classes: tuple[str, ...]) -> None:
        """See :meth:`LearnsLabels.learn_labels`."""
        # Products of whole numbers below 2 ** 53 are exact in double precision.
        present = (cells > 0).double()
        self.num_images.fill_(len(cells))
        self.co_occurrence.copy_(present.T @ present)
        self.scored.copy_(present.T @ (cells >= 0).double())

    @property
    def count(self) -> Tensor:
        """(C,) long: in how many images each label is present."""
        return self.co_occurrence.diagonal()

    def conditional(self) -> Tensor:
        """(C, C) float: at [i, j] the share of images with i that also have j.

        Of those that are scored for j; 0 if there is none.
        """
        return self.co_occurrence / self.scored.clamp(min=1)
