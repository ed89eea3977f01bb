"""Attention that follows the picture when it is flipped."""

from collections.abc import Sequence

import torch
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from torch import Tensor
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClassifier


@MODELS.register_module()
class ACfsClassifier(MultiLabelClassifier):
    """A classifier whose heat maps of a picture and of its mirror image must agree.

    H. Guo et al., "Visual Attention Consistency under Image Transforms for Multi-Label
    Image Classification", CVPR 2019. In training a second view of each image, flipped
    from left to right and, if ``scales`` say so, of another size, goes through the
    same network. Both views are classified. Its heat maps, flipped and resized back,
    are compared with those of the first view cell by cell. This doubles the time of
    training. Prediction reads the plain image only.

    Args:
        weight: Of the attention consistency loss, the paper's lambda.
        scales: Sizes of the second view relative to the first; each step draws one.
            By default both are of one size.
        **kwargs: Those of :class:`MultiLabelClassifier`; the head is a
            :class:`CAMHead`.

    Raises:
        ConfigError: If ``weight`` is negative, or ``scales`` are not one or more
            numbers above 0.
    """

    def __init__(
        self,
        weight: float = 1.0,
        scales: Sequence[float] = (1.0,),
        **kwargs: object,
    ) -> None:
        if weight < 0:
            raise ConfigError(f'weight must be at least 0, not {weight}')
        if not scales or min(scales) <= 0:
            raise ConfigError(f'scales must be numbers above 0, not {scales}')
        super().__init__(**kwargs)
        self.weight = weight
        self.scales = tuple(scales)

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """``loss_cls``, the mean of both views, and ``loss_consistency``."""
        views = (batch_inputs, self.second_view(batch_inputs))
        maps, other = (self.head.heat_maps(self.extract_feat(x)) for x in views)
        first, second = (
            self.head.label_loss(each.mean((2, 3)), batch_data_samples)
            for each in (maps, other)
        )
        other = resize(other.flip(3), maps.shape[2:])
        return dict(
            loss_cls=(first + second) / 2,
            loss_consistency=self.weight * F.mse_loss(other, maps),
        )

    def second_view(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W), flipped and of a scale drawn from ``scales``."""
        scale = self.scales[int(torch.randint(len(self.scales), ()))]
        height, width = (max(1, round(scale * side)) for side in images.shape[2:])
        return resize(images.flip(3), (height, width))


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """``maps`` (B, D, H, W) at ``size`` (H', W'); as they are if that is theirs."""
    if maps.shape[2:] == size:
        return maps
    return F.interpolate(maps, size, mode='bilinear', align_corners=False)
