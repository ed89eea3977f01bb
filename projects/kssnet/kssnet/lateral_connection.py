"""What a stage of the backbone takes up from the labels."""

from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError


class LateralConnection(BaseModule):
    r"""Add to each cell of a feature map what it resembles of the label vectors.

    With :math:`x_j` cell j and :math:`h_c` the vector of label c, both of length D,

    .. math:: x_j + W \sum_c \mathrm{softmax}_c(x_j \cdot h_c / \sqrt D)\, h_c

    W and its bias are 0 at first, so that pre-trained features survive. Label vectors
    of another length are taken to D by a learned linear map first.

    Args:
        channels: D.
        label_channels: Numbers in a label's vector, by default D.
    """

    def __init__(self, channels: int, label_channels: int | None = None) -> None:
        super().__init__()
        self.channels = channels
        self.embed = (
            nn.Identity()
            if label_channels in (None, channels)
            else nn.Linear(label_channels, channels, bias=False)
        )
        self.project = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """A feature map (B, D, H, W) of such a map and of label vectors (C, E).

        Raises:
            ConfigError: The map has another D.
        """
        if x.shape[1] != self.channels:
            raise ConfigError(
                f'hidden_channels or stage_channels has {self.channels} for a stage '
                f'of the backbone that gives {x.shape[1]} channels'
            )
        labels = self.embed(labels).to(x.dtype)[:, :, None, None]  # kernels of 1 x 1
        relation = F.conv2d(x, labels * self.channels**-0.5).softmax(1)  # (B, C, H, W)
        # transposed: the D channels of the sum over labels
        injected = F.conv2d(relation.to(x.dtype), labels.transpose(0, 1))
        return x + self.project(injected)
