"""mmpretrain's class-specific residual attention as a head of ours."""

from mmdet.registry import MODELS
from mmpretrain.models.heads.multi_label_csra_head import CSRAClsHead, CSRAModule
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead


@MODELS.register_module()
class CSRAHead(MultiLabelClsHead):
    r"""Average pooling plus an attention of each label's own over the feature map.

    K. Zhu and J. Wu, "Residual Attention: A Simple but Effective Method for
    Multi-Label Recognition", ICCV 2021. A label's classifier scores each cell of the
    map; a softmax of these scores with temperature T weighs the cells. With
    :math:`s_j` the score of cell j of n, the logit of a label is

    .. math:: \frac{1}{n} \sum_j s_j + \lambda \sum_j s_j \frac{e^{T s_j}}
        {\sum_k e^{T s_k}}

    and the sum of it over several heads, each with a temperature and classifiers of
    its own. The highest temperature is taken as infinite, which is the maximum. The
    classifiers have unit length and no bias, as in mmpretrain's module, which does all
    of this.

    Args:
        in_channels: D of the last feature map.
        num_heads: 1, 2, 4, 6 or 8; the temperatures are those of the paper.
        lam: The paper's lambda; 0 leaves average pooling.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``num_heads`` is none of those named or ``lam`` is negative.
    """

    def __init__(
        self, in_channels: int, num_heads: int = 1, lam: float = 0.1, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        temperatures = CSRAClsHead.temperature_settings
        if num_heads not in temperatures:
            raise ConfigError(
                f'num_heads must be one of {tuple(temperatures)}, not {num_heads}'
            )
        if lam < 0:
            raise ConfigError(f'lam must be at least 0, not {lam}')
        self.csra_heads = nn.ModuleList(
            CSRAModule(self.num_classes, in_channels, temperature, lam)
            for temperature in temperatures[num_heads]
        )

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return sum(head(feats[-1]) for head in self.csra_heads)
