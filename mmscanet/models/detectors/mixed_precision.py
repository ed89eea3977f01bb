"""A detector in half precision, but for what its operators read."""

from collections.abc import Sequence

from torch import Tensor, nn


class MixedPrecisionMixin:
    """Lets a two-stage detector run under autocast; to be named before it as a base.

    mmcv's suppression on a CPU, and its RoIAlign, take no bfloat16; and mmdet gives
    the coordinates of patches the type of the features, which in bfloat16 has steps
    of two pixels from 256 on. Both therefore get float32, whatever the convolutions
    computed in. A float32 model without autocast is as before.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.with_rpn:
            self.rpn_head.register_forward_hook(_give_full_precision)

    def extract_feat(self, batch_inputs: Tensor) -> tuple[Tensor, ...]:
        """Pyramid levels of (B, D, H_l, W_l), float32."""
        return in_full_precision(super().extract_feat(batch_inputs))


def in_full_precision(levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The levels as float32."""
    return tuple(level.float() for level in levels)


def _give_full_precision(
    head: nn.Module, inputs: tuple, outputs: tuple[Sequence[Tensor], ...]
) -> tuple[tuple[Tensor, ...], ...]:
    return tuple(in_full_precision(levels) for levels in outputs)
