"""Average pooling and a linear layer, as heat maps of labels."""

from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.models import MultiLabelClsHead


@MODELS.register_module()
class CAMHead(MultiLabelClsHead):
    """Heat maps of labels; their averages are the logits.

    A heat map is the linear classifier of a label at each cell of the last feature map
    (class activation map; B. Zhou et al., "Learning Deep Features for Discriminative
    Localization", CVPR 2016). Its average is what average pooling and the same
    classifier give. The maps contain the bias, which is the same at all cells.

    Args:
        in_channels: D of the last feature map.
        prior: The probability that every score starts from, as SCANet's do.
        **kwargs: Those of :class:`MultiLabelClsHead`.
    """

    def __init__(self, in_channels: int, prior: float = 0.01, **kwargs: object) -> None:
        init_cfg = dict(type='Normal', layer='Conv2d', std=0.01, bias_prob=prior)
        super().__init__(**{'init_cfg': init_cfg, **kwargs})
        self.conv = nn.Conv2d(in_channels, self.num_classes, 1)

    def heat_maps(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Heat maps (B, C, H, W) of feature maps, of which the last is read."""
        return self.conv(feats[-1]).float()

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.heat_maps(feats).mean((2, 3))
