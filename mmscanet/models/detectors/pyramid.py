"""The levels that patches are read from, and what they were made of."""

from collections.abc import Iterable

from torch import Tensor


class Pyramid(tuple):
    """Levels (B, D, H_l, W_l) of the neck; detectors see a plain tuple.

    Attributes:
        backbone: Levels (B, D_l, H_l, W_l) of the backbone, which the scene branch
            reads: the neck narrows them to the channels that patches need.
    """

    backbone: tuple[Tensor, ...]

    def __new__(
        cls, levels: Iterable[Tensor], backbone: tuple[Tensor, ...]
    ) -> 'Pyramid':
        """Join the two."""
        pyramid = super().__new__(cls, levels)
        pyramid.backbone = backbone
        return pyramid
