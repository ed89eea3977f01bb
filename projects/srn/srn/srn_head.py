"""A plain classifier and the spatial regularisation net beside it."""

from mmdet.registry import MODELS
from mmdet.structures import SampleList
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead

from .spatial_regularization import SpatialRegularization


@MODELS.register_module()
class SRNHead(MultiLabelClsHead):
    r"""Average pooling and a linear layer, and the spatial regularisation net.

    F. Zhu et al., "Learning Spatial Regularization with Image-level Supervisions for
    Multi-label Image Classification", CVPR 2017. With :math:`y_{cls}` the logits of
    the main net and :math:`y_{sr}` those of the net beside it, the logits are
    :math:`\alpha y_{cls} + (1 - \alpha) y_{sr}`.

    Args:
        in_channels: D of the last feature map, of which the main net makes
            :math:`y_{cls}`.
        map_size: Cells a side of the map that the net beside it reads.
        channels: Filters of its hidden convolutions.
        srn_level: Which feature map it reads; the last by default.
        srn_channels: D of that feature map, ``in_channels`` by default.
        alpha: Weight of the main net.
        prior: The probability that all scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``alpha`` is not in [0, 1] or ``map_size`` is below 1.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        map_size: int,
        channels: int = 512,
        srn_level: int = -1,
        srn_channels: int | None = None,
        alpha: float = 0.5,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        if not 0 <= alpha <= 1:
            raise ConfigError(f'alpha must be in [0, 1], not {alpha}')
        if map_size < 1:
            raise ConfigError(f'map_size must be at least 1, not {map_size}')
        init_cfg = dict(type='Normal', layer='Linear', std=0.01, bias_prob=prior)
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.srn_level = srn_level
        self.alpha = alpha
        self.fc = nn.Linear(in_channels, num_classes)
        self.srn = SpatialRegularization(
            srn_channels or in_channels, num_classes, map_size, channels, prior
        )

    def label_logits(self, feats: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """``cls`` of both nets together, ``main`` and ``att``, each (B, C).

        Raises:
            ConfigError: There is no feature map ``srn_level``, or it has other than
                ``srn_channels`` channels.
        """
        given = [x.shape[1] for x in feats]
        level, wanted = self.srn_level, self.srn.confidence.in_channels
        if not -len(feats) <= level < len(feats) or given[level] != wanted:
            raise ConfigError(
                f'srn_level={level} with srn_channels={wanted}: the feature maps have '
                f'{given} channels'
            )
        main = self.fc(feats[-1].mean((2, 3)))
        att, sr = self.srn(feats[level])
        both = self.alpha * main + (1 - self.alpha) * sr
        return dict(cls=both, main=main, att=att)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps (B, D_l, H_l, W_l), fine to coarse."""
        return self.label_logits(feats)['cls']

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """The losses of the logits, of the main net's alone and of y_att."""
        return {
            f'loss_{name}': self.label_loss(logits, batch_data_samples)
            for name, logits in self.label_logits(feats).items()
        }
