"""What is asked of regions that no box teaches."""

import torch
from torch import Tensor, nn

from mmscanet.errors import ConfigError


def anchors(steps: int) -> Tensor:
    """Where the region of each step is drawn to, (K, 2).

    The first to the middle, the others to places on a circle around it that are equally
    far apart. For 5 steps these are the middles of the map's quarters.
    """
    angle = torch.arange(steps - 1) * (2 * torch.pi / max(steps - 1, 1)) + torch.pi / 4
    circle = torch.stack((angle.cos(), angle.sin()), 1) / 2**0.5
    return torch.cat((torch.zeros(1, 2), circle))


class LocalisationLoss(nn.Module):
    """Keep the regions apart, small, and not mirrored: three constraints, weighed.

    A region is (s_x, s_y, t_x, t_y): its size as a share of the map's, and its centre,
    in the frame of ``affine_grid``, where the map reaches from -1 to 1 in x and in y.
    A negative size mirrors the region.

    Args:
        weight: Of the three together.
        anchor_weight: Of the anchor constraint among them; that of the scale constraint
            is 1.
        positive_weight: Of the positive constraint among them.
        max_scale: The share of the map's width and of its height up to which a region
            costs nothing.
        min_scale: The share from which on it costs nothing.

    Raises:
        ConfigError: If a weight is negative, or not 0 < ``min_scale`` < ``max_scale``.
    """

    def __init__(
        self,
        weight: float = 0.1,
        anchor_weight: float = 0.01,
        positive_weight: float = 0.1,
        max_scale: float = 0.5,
        min_scale: float = 0.1,
    ) -> None:
        super().__init__()
        self.weight = weight
        self.anchor_weight = anchor_weight
        self.positive_weight = positive_weight
        self.max_scale = max_scale
        self.min_scale = min_scale
        for name in ('weight', 'anchor_weight', 'positive_weight'):
            if (value := getattr(self, name)) < 0:
                raise ConfigError(
                    f'localisation.{name} must be at least 0, not {value}'
                )
        if not 0 < min_scale < max_scale:
            raise ConfigError(
                'localisation.min_scale must be above 0 and below max_scale, not '
                f'min_scale={min_scale}, max_scale={max_scale}'
            )

    def anchor(self, regions: Tensor) -> Tensor:
        """Half the squared distance of the centres to their anchors, a scalar."""
        centres = regions[..., 2:]
        away = centres - anchors(regions.shape[1]).to(regions)
        return away.square().sum(-1).mean() / 2

    def scale(self, regions: Tensor) -> Tensor:
        """The squared excess of sizes over ``max_scale``, a scalar."""
        excess = (regions[..., :2].abs() - self.max_scale).clamp(min=0)
        return excess.square().sum(-1).mean()

    def positive(self, regions: Tensor) -> Tensor:
        """How far sizes are below ``min_scale``, a scalar."""
        return (self.min_scale - regions[..., :2]).clamp(min=0).sum(-1).mean()

    def forward(self, regions: Tensor) -> Tensor:
        """The weighed sum, averaged over images and steps, of ``regions`` (B, K, 4)."""
        return self.weight * (
            self.scale(regions)
            + self.anchor_weight * self.anchor(regions)
            + self.positive_weight * self.positive(regions)
        )
