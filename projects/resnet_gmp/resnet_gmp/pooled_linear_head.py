"""Global pooling and a linear layer."""

from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead

POOLINGS = ('max', 'avg')


@MODELS.register_module()
class PooledLinearHead(MultiLabelClsHead):
    """Pool the last feature map over the image and classify the vector.

    Args:
        in_channels: D of the last feature map.
        pool: ``max`` or ``avg``, over all cells of the map.
        prior: The probability that every score starts from, as SCANet's do.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``pool`` is not one of those named.
    """

    def __init__(
        self, in_channels: int, pool: str = 'max', prior: float = 0.01, **kwargs: object
    ) -> None:
        if pool not in POOLINGS:
            raise ConfigError(f'pool must be one of {POOLINGS}, not {pool!r}')
        init_cfg = dict(type='Normal', layer='Linear', std=0.01, bias_prob=prior)
        super().__init__(**{'init_cfg': init_cfg, **kwargs})
        self.pool = pool
        self.fc = nn.Linear(in_channels, self.num_classes)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        x = feats[-1]
        return self.fc(x.amax((2, 3)) if self.pool == 'max' else x.mean((2, 3)))
