"""Backbone and neck in the memory format that convolutions prefer."""

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
        """Pyramid levels of (B, D, H_l, W_l), the X of Eq. 1."""
        if not self.channels_last:
            return super().extract_feat(batch_inputs)
        x = super().extract_feat(
            batch_inputs.contiguous(memory_format=torch.channels_last)
        )
        # mmcv's RoIAlign takes it for granted that memory is laid out as (B, D, H, W).
        return tuple(level.contiguous() for level in x)
