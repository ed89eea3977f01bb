"""Backbone and neck in the memory format that convolutions prefer."""

from collections.abc import Sequence

import torch
from torch import Tensor


class ChannelsLastMixin:
    """Adds ``channels_last`` to a detector; to be named before it as a base class.

    Args:
        channels_last: Run backbone and neck in the channels-last memory format,
            which convolutions on a CPU and in half precision on a GPU prefer. The
            results agree up to rounding.
        **kwargs: Those of the detector.
    """

    def __init__(
        self, *args: object, channels_last: bool = False, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        self.channels_last = channels_last
        if channels_last:
            self.backbone.to(memory_format=torch.channels_last)

    def extract_feat(self, batch_inputs: Tensor) -> tuple[Tensor, ...]:
        """Pyramid levels of (B, D, H_l, W_l)."""
        return lay_out_for_rois(super().extract_feat(self.arrange(batch_inputs)))

    def arrange(self, batch_inputs: Tensor) -> Tensor:
        """Images (B, 3, H, W) in the memory format that was asked for."""
        if not self.channels_last:
            return batch_inputs
        return batch_inputs.contiguous(memory_format=torch.channels_last)


def lay_out_for_rois(levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Levels as mmcv's RoIAlign takes it for granted: in the order (B, D, H, W)."""
    return tuple(level.contiguous() for level in levels)
