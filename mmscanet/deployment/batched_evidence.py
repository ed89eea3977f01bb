"""The boxes to show for the labels of a batch of images, in arrays of fixed size."""

import torch
from mmdet.utils import ConfigType
from torch import Tensor

from mmscanet.models.roi_heads.sca_fusion import PATCH_SCORES

from .operators import grouped_nms_mask, take


def batched_evidence(
    patches: dict[str, Tensor], filled: Tensor, cfg: ConfigType
) -> dict[str, Tensor]:
    """Do what :func:`~mmscanet.models.roi_heads.evidence.select_evidence` does.

    A box is a patch with one of its labels. M, the number of places for boxes, is
    ``max_per_img``, or C if that is more, since the best box of each label is spared.

    Args:
        patches: ``boxes`` (B, K, 4), ``scores`` (B, K, C) and, as far as the model
            has them, ``object_scores``, ``context_scores``, ``scene_scores`` and
            ``context_boxes``.
        filled: (B, K), the patches that are there.
        cfg: See ``select_evidence``.

    Returns:
        By falling score: ``boxes`` and ``context_boxes`` (B, M, 4), ``box_labels``
        (B, M), ``box_scores``, and ``box_object_scores`` and so on of each branch
        (B, M). A place without a box has the label -1 and zeros.
    """
    num_labels = patches['scores'].shape[2]
    scores = patches['scores'].flatten(1)  # (B, K * C), as all below
    labels = torch.arange(num_labels).repeat(patches['scores'].shape[1])
    kept = (scores > cfg.score_thr) & filled.repeat_interleave(num_labels, dim=1)
    if cfg.nms is not None:
        boxes = patches['boxes'].repeat_interleave(num_labels, dim=1)
        kept = grouped_nms_mask(
            boxes, scores, labels, kept, cfg.nms.iou_threshold, scores.shape[1]
        )
    box_scores, chosen = _cut_sparing_best(
        torch.where(kept, scores, -1), num_labels, cfg.max_per_img
    )
    there = box_scores >= 0
    patch = chosen // num_labels
    result = dict(
        boxes=_or_zero(there[..., None], take(patches['boxes'], patch)),
        box_labels=torch.where(there, labels[chosen], -1),
        box_scores=_or_zero(there, box_scores),
    )
    for name in PATCH_SCORES:
        if name in patches:
            values = patches[name].flatten(1).gather(1, chosen)
            result[f'box_{name}'] = _or_zero(there, values)
    if 'context_boxes' in patches:
        wide = take(patches['context_boxes'], patch)
        result['context_boxes'] = _or_zero(there[..., None], wide)
    return result


def _cut_sparing_best(
    scores: Tensor, num_labels: int, max_num: int
) -> tuple[Tensor, Tensor]:
    """Cut to the best boxes, but no label's first.

    Args:
        scores: (B, K * C), labels the faster index, -1 where there is no box.
        num_labels: C.
        max_num: How many to keep, or -1.

    Returns:
        Scores (B, M) in falling order, -1 where there is no box, and the boxes'
        indices (B, M).
    """
    total = scores.shape[1]
    limit = total if max_num < 0 else max_num
    num = min(total, max(limit, num_labels))
    first = scores.unflatten(1, (-1, num_labels)).argmax(1)  # (B, C)
    first = first * num_labels + torch.arange(num_labels)
    is_first = torch.zeros_like(scores).scatter(1, first, 1.0) * (scores >= 0)
    # Scores are at most 1: the first of each label come before all others.
    chosen = (scores + 2 * is_first).topk(num).indices
    stays = (torch.arange(num) < limit) | (is_first.gather(1, chosen) > 0)
    scores, order = torch.where(stays, scores.gather(1, chosen), -1).topk(num)
    return scores, chosen.gather(1, order)


def _or_zero(there: Tensor, values: Tensor) -> Tensor:
    return torch.where(there, values, 0)
