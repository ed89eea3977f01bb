"""Labels from where the labels of an image are: the net SRN itself."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F


class SpatialRegularization(BaseModule):
    r"""Attention maps of labels, and labels read from all of these maps together.

    Three convolutions (the paper's f_att) give scores :math:`z^l_{ij}` of cell (i, j)
    for label l. A softmax over the cells makes an attention map of them, and a linear
    classifier at each cell (its conv1) a confidence map S:

    .. math:: a^l_{ij} = \frac{e^{z^l_{ij}}}{\sum_{i,j} e^{z^l_{ij}}} \qquad
        y^l_{att} = \sum_{i,j} a^l_{ij} s^l_{ij}

    The maps :math:`U = \sigma(S) \circ A` of all labels then go through f_sr: two
    1 x 1 convolutions relate the labels, filters as large as the map, four a channel,
    relate the places, and a linear layer gives :math:`y_{sr}`.

    U is multiplied by the number of cells, which is 1 for even attention: of order 1
    and not of 1 / HW. The first convolution of f_sr could learn this factor. A map of
    another size than ``map_size`` is averaged, or repeated, to it.

    Args:
        in_channels: D of the feature map.
        num_classes: C.
        map_size: K, cells a side of the maps that f_sr reads.
        channels: M, filters of the hidden convolutions.
        prior: The probability that both kinds of score start from.
    """

    #: Filters of each channel over all places.
    FILTERS = 4

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        map_size: int,
        channels: int = 512,
        prior: float = 0.01,
    ) -> None:
        # Small weights of `score`: attention starts even.
        outputs = [
            dict(type='Normal', name='score', std=0.01),
            dict(type='Normal', name='confidence', std=0.01, bias_prob=prior),
        ]
        convs = dict(type='Kaiming', layer='Conv2d', mode='fan_in', override=outputs)
        linear = dict(type='Normal', layer='Linear', std=0.01, bias_prob=prior)
        super().__init__(init_cfg=[convs, linear])
        self.map_size = map_size
        self.f_att = nn.Sequential(
            *(nn.Conv2d(in_channels, channels, 1), nn.ReLU()),
            *(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()),
        )
        self.score = nn.Conv2d(channels, num_classes, 1)
        self.confidence = nn.Conv2d(in_channels, num_classes, 1)
        filters = self.FILTERS * channels
        self.f_sr = nn.Sequential(
            *(nn.Conv2d(num_classes, channels, 1), nn.ReLU()),
            *(nn.Conv2d(channels, channels, 1), nn.ReLU()),
            *(nn.Conv2d(channels, filters, map_size, groups=channels), nn.ReLU()),
        )
        self.fc = nn.Linear(filters, num_classes)

    def attention(self, x: Tensor) -> Tensor:
        """Attention maps A (B, C, H, W) of ``x`` (B, D, H, W); each sums to 1."""
        scores = self.score(self.f_att(x))
        return scores.flatten(2).softmax(2, dtype=torch.float32).view_as(scores)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits y_att and y_sr, both (B, C), of a feature map (B, D, H, W)."""
        attention, confidence = self.attention(x), self.confidence(x)
        y_att = (attention * confidence).sum((2, 3))
        cells = x.shape[2] * x.shape[3]
        weighted = (cells * attention * confidence.sigmoid()).to(x.dtype)
        weighted = F.adaptive_avg_pool2d(weighted, self.map_size)
        return y_att, self.fc(self.f_sr(weighted).flatten(1))
