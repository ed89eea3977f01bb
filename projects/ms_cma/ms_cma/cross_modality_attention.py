"""A vector of the image for each label, from the cells that resemble the label."""

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F


class CrossModalityAttention(BaseModule):
    r"""Average a feature map, with weights of each label's own.

    Two 1 x 1 convolutions project each cell's features :math:`x_j` into the space of
    the label vectors :math:`e_c`, to :math:`v_j`. What label c gets is

    .. math:: \sum_j \frac{z_{cj}}{\sum_k z_{ck}} x_j, \quad
        z_{cj} = \max(0, \cos(v_j, e_c)) + 10^{-4}

    The small constant is not the paper's: a label that no cell resembles has the
    average of the map, and not 0 / 0.

    Args:
        in_channels: D of the feature map.
        channels: E of the label vectors.
    """

    floor = 1e-4

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.project = nn.Sequential(
            ConvModule(in_channels, channels, 1, norm_cfg=dict(type='BN')),
            nn.Conv2d(channels, channels, 1),
        )

    def weights(self, x: Tensor, labels: Tensor) -> Tensor:
        """The weights (B, C, H, W), each label's summing to 1; see :meth:`forward`."""
        cells = F.normalize(self.project(x), dim=1)
        labels = F.normalize(labels, dim=1).to(cells.dtype)
        similarity = F.conv2d(cells, labels[:, :, None, None]).float()
        resemblance = similarity.relu() + self.floor
        return resemblance / resemblance.sum((2, 3), keepdim=True)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Vectors (B, C, D) of a map ``x`` (B, D, H, W) and ``labels`` (C, E)."""
        weights = self.weights(x, labels).to(x.dtype)
        return torch.einsum('bchw,bdhw->bcd', weights, x)
