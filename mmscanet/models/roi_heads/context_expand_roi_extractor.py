"""Features of a patch with its surroundings."""

from collections.abc import Sequence

import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.registry import MODELS
from torch import Tensor

from mmscanet.errors import ConfigError


@MODELS.register_module()
class ContextExpandRoIExtractor(SingleRoIExtractor):
    """Read the features of a patch widened about its centre (paper, Sec. 2.3).

    The paper expands the object patch to a context patch and does not say by
    how much. Here a patch of width w and height h becomes
    ``ratio * w`` by ``ratio * h``, clipped to the image.

    Args:
        expand_ratio: The ratio, at least 1.
        small_expand_ratio: The ratio of a vanishing patch. The ratio falls
            from here to ``expand_ratio`` linearly with the square root of the
            patch's area, which it reaches at ``reference_size``, so that small
            objects see relatively more of their surroundings. ``None``: the
            same ratio for all.
        reference_size: See above, in pixels of the network input.
        whole_image: Every context patch is the whole image.
        **kwargs: Those of :class:`SingleRoIExtractor`.

    Raises:
        ConfigError: If a ratio is below 1, or ``reference_size`` not above 0.
    """

    def __init__(
        self,
        *args: object,
        expand_ratio: float = 1.5,
        small_expand_ratio: float | None = None,
        reference_size: float = 96.0,
        whole_image: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, ratio in (
            ('expand_ratio', expand_ratio),
            ('small_expand_ratio', small_expand_ratio),
        ):
            if ratio is not None and ratio < 1:
                raise ConfigError(f'{name} must be at least 1, not {ratio}')
        if not reference_size > 0:
            raise ConfigError(f'reference_size must be above 0, not {reference_size}')
        self.expand_ratio = expand_ratio
        self.small_expand_ratio = small_expand_ratio
        self.reference_size = reference_size
        self.whole_image = whole_image

    def ratios(self, rois: Tensor) -> Tensor:
        """The expansion ratio (N,) of each of ``rois`` (N, 5)."""
        ratio = torch.full_like(rois[:, 0], self.expand_ratio)
        if self.small_expand_ratio is None:
            return ratio
        area = (rois[:, 3] - rois[:, 1]) * (rois[:, 4] - rois[:, 2])
        smallness = (1 - area.clamp(min=0).sqrt() / self.reference_size).clamp(min=0)
        return ratio + (self.small_expand_ratio - ratio) * smallness

    def expand(self, rois: Tensor, img_shapes: Sequence[tuple[int, int]]) -> Tensor:
        """Widen object patches to context patches.

        Args:
            rois: (N, 5), rows of (batch index, x1, y1, x2, y2) in pixels of
                the network input.
            img_shapes: (height, width) of each of the B images, padding left out.

        Returns:
            (N, 5), in the same frame, inside the images.
        """
        # A column for x and one for y, of the image that each roi is in.
        limits = rois.new_tensor([(w, h) for h, w, *_ in img_shapes])
        limits = limits[rois[:, 0].long()]
        if self.whole_image:
            corners = torch.cat((torch.zeros_like(limits), limits), dim=1)
            return torch.cat((rois[:, :1], corners), dim=1)
        wide = self.roi_rescale(rois, self.ratios(rois))
        corners = wide[:, 1:].clamp(min=0).minimum(limits.repeat(1, 2))
        return torch.cat((wide[:, :1], corners), dim=1)

    def forward(
        self,
        feats: tuple[Tensor, ...],
        rois: Tensor,
        img_shapes: Sequence[tuple[int, int]] | None = None,
    ) -> Tensor:
        """The features of the context patches of ``rois``.

        The pyramid level is that of the context patch, not of the object's.

        Args:
            feats: Levels of (B, D, H_l, W_l).
            rois: (N, 5), the object patches, as in :meth:`expand`.
            img_shapes: As in :meth:`expand`. By default what the feature maps
                cover.

        Returns:
            (N, D, h, w), h and w the roi layer's output size.
        """
        if img_shapes is None:
            size = tuple(s * self.featmap_strides[0] for s in feats[0].shape[-2:])
            img_shapes = [size] * len(feats[0])
        return super().forward(feats, self.expand(rois, img_shapes))
