"""Features of a patch with as much of its surroundings as it finds useful."""

from collections.abc import Sequence

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError

from .context_expand_roi_extractor import ContextExpandRoIExtractor


@MODELS.register_module()
class AdaptiveContextRoIExtractor(ContextExpandRoIExtractor):
    """Read a patch widened by several ratios, and let the patch weigh the readings.

    The paper widens all patches alike. Here each patch is read once a ratio; a linear
    layer judges each reading by its mean over the bins, and the softmax of these
    judgements over the ratios weighs the readings. At first all weigh the same. Not in
    the paper.

    Targets and evidence, see :meth:`expand`, are those of the widest patch, for the
    predictor may see all of it.

    Args:
        expand_ratio: One of the ratios, at least 1.
        other_ratios: The others, at least one of them.
        **kwargs: Those of :class:`ContextExpandRoIExtractor`.

    Raises:
        ConfigError: If there is no other ratio, or one is below 1.
    """

    def __init__(
        self,
        *args: object,
        expand_ratio: float = 1.5,
        other_ratios: Sequence[float] = (1.0, 3.0),
        **kwargs: object,
    ) -> None:
        if not other_ratios:
            raise ConfigError('other_ratios is empty: there is nothing to choose from')
        ratios = (expand_ratio, *other_ratios)
        super().__init__(*args, expand_ratio=max(ratios), **kwargs)
        self.readers = nn.ModuleList(
            ContextExpandRoIExtractor(*args, expand_ratio=ratio, **kwargs)
            for ratio in ratios
        )
        self.judge = nn.Linear(self.out_channels, 1)
        nn.init.zeros_(self.judge.weight)
        nn.init.zeros_(self.judge.bias)

    def weights(self, readings: Tensor) -> Tensor:
        """The weights (K, N), which add up to 1 over K, of readings (K, N, D, h, w)."""
        return self.judge(readings.mean((3, 4))).squeeze(2).softmax(0)

    def forward(
        self,
        feats: tuple[Tensor, ...],
        rois: Tensor,
        img_shapes: Sequence[tuple[int, int]] | None = None,
    ) -> Tensor:
        """The weighed features (N, D, h, w); see the base class."""
        readings = torch.stack(
            [reader(feats, rois, img_shapes) for reader in self.readers]
        )
        return torch.einsum('kn,kndhw->ndhw', self.weights(readings), readings)
