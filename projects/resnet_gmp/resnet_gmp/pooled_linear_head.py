"""Global pooling and a linear layer."""

from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.models import MultiLabelClsHead
from mmscanet.models.layers import GlobalPooling


@MODELS.register_module()
class PooledLinearHead(MultiLabelClsHead):
    """Pool the last feature map over the image and classify the vector.

    Args:
        in_channels: D of the last feature map.
        pool: How the map becomes a vector, see :class:`GlobalPooling`.
        prior: The probability that every score starts from, as SCANet's do.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: See :class:`GlobalPooling`.
    """

    def __init__(
        self, in_channels: int, pool: str = 'max', prior: float = 0.01, **kwargs: object
    ) -> None:
        init_cfg = dict(type='Normal', layer='Linear', std=0.01, bias_prob=prior)
        super().__init__(**{'init_cfg': init_cfg, **kwargs})
        self.pool = GlobalPooling(pool)
        self.fc = nn.Linear(in_channels, self.num_classes)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.fc(self.pool(feats[-1]))
