"""What torch's exporter cannot write by itself: non-maximum suppression of a batch."""

from collections.abc import Callable
from typing import Any

import torch
from mmcv.ops import nms
from torch import Tensor


@torch.library.custom_op('mmscanet::nms_mask', mutates_args=())
def nms_mask(
    boxes: Tensor, scores: Tensor, iou_threshold: float, max_num: int
) -> Tensor:
    """Which boxes non-maximum suppression keeps, image by image.

    Its answer has a fixed size, unlike the indices that suppression usually gives, so
    that an exported graph needs no loop over the images.

    Args:
        boxes: (B, N, 4) as (x1, y1, x2, y2).
        scores: (B, N); a negative score leaves its box out.
        iou_threshold: A box is dropped where its IoU with a better one is above it.
        max_num: How many to keep of each image, at most.

    Returns:
        (B, N), bool.
    """
    mask = torch.zeros_like(scores, dtype=torch.bool)
    for i in range(len(boxes)):
        there = (scores[i] >= 0).nonzero().squeeze(1)
        if len(there) > 0:
            _, keep = nms(boxes[i, there], scores[i, there], iou_threshold)
            mask[i, there[keep[:max_num]]] = True
    return mask


@nms_mask.register_fake
def _(boxes: Tensor, scores: Tensor, iou_threshold: float, max_num: int) -> Tensor:
    return torch.empty_like(scores, dtype=torch.bool)


def onnx_translations() -> dict[Callable, Callable]:
    """What torch's exporter is to write for the operators of this module."""
    from onnxscript import BOOL
    from onnxscript import opset18 as op

    def nms_mask_in_onnx(
        boxes: Any, scores: Any, iou_threshold: float, max_num: int
    ) -> Any:
        # Rows of (image, class, box) in no order that ONNX would promise; one class.
        kept = op.NonMaxSuppression(
            boxes,
            op.Unsqueeze(scores, op.Constant(value_ints=[1])),
            op.Constant(value_ints=[max_num]),
            op.Constant(value_floats=[iou_threshold]),
            # What does not exceed it takes no part.
            op.Constant(value_floats=[-0.5]),
        )
        image_and_box = op.Gather(kept, op.Constant(value_ints=[0, 2]), axis=1)
        zeros = op.ConstantOfShape(op.Shape(scores))
        ones = op.Add(op.GatherND(zeros, image_and_box), op.Constant(value_float=1.0))
        return op.Cast(op.ScatterND(zeros, image_and_box, ones), to=BOOL.dtype)

    return {torch.ops.mmscanet.nms_mask.default: nms_mask_in_onnx}


def grouped_nms_mask(
    boxes: Tensor,
    scores: Tensor,
    groups: Tensor,
    filled: Tensor,
    iou_threshold: float,
    max_num: int,
) -> Tensor:
    """Suppress within groups, as mmcv's ``batched_nms``, image by image.

    As there, each group is moved to a place of its own, by the same sums: any other way
    to part the groups would round differently, and so could keep another box.

    Args:
        boxes: (B, N, 4), in pixels, not negative.
        scores: (B, N), not negative.
        groups: (N,), the number of each box's group.
        filled: (B, N), the boxes that take part.
        iou_threshold: See :func:`nms_mask`.
        max_num: See :func:`nms_mask`.

    Returns:
        (B, N), the boxes that stay.
    """
    extent = torch.where(filled[..., None], boxes, 0).amax((1, 2)) + 1
    moved = boxes + (groups * extent[:, None])[..., None]
    scores = torch.where(filled, scores, -1)
    return nms_mask(moved, scores, iou_threshold, max_num)


def take(values: Tensor, indices: Tensor) -> Tensor:
    """Of ``values`` (B, N, D) those at ``indices`` (B, n), as (B, n, D)."""
    return values.gather(1, indices[..., None].expand(-1, -1, values.shape[-1]))
