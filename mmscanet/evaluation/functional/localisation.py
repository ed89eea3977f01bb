"""Whether a box that speaks for a label lies on an object of that label."""

import numpy as np
from mmdet.evaluation.functional import bbox_overlaps

HIT, MISS, NOT_JUDGED = 1, 0, -1


def overlaps_object(
    box: np.ndarray, objects: np.ndarray, doubtful: np.ndarray, iou_thr: float = 0.5
) -> int:
    """Judge the extent of a box by its intersection over union with an object.

    Args:
        box: (4,), (x1, y1, x2, y2) in any frame.
        objects: (k, 4) boxes of the label's objects, in the frame of ``box``.
        doubtful: (m, 4) boxes of its crowds and difficult objects.
        iou_thr: The lowest intersection over union of a hit.

    Returns:
        ``HIT``, ``MISS``, or ``NOT_JUDGED`` where no object is hit and at least the
        share ``iou_thr`` of the box lies in a doubtful one.
    """
    if (bbox_overlaps(box[None], objects) >= iou_thr).any():
        return HIT
    inside = bbox_overlaps(box[None], doubtful, mode='iof') >= iou_thr
    return NOT_JUDGED if inside.any() else MISS


def points_at_object(box: np.ndarray, objects: np.ndarray, doubtful: np.ndarray) -> int:
    """Judge the centre of a box: the pointing game.

    J. Zhang et al., "Top-Down Neural Attention by Excitation Backprop", ECCV 2016,
    without their tolerance of 15 pixels. The arguments are those of
    :func:`overlaps_object`.

    Returns:
        ``HIT`` where the centre is in an object's box, its border included;
        ``NOT_JUDGED`` where it is in a doubtful one only; else ``MISS``.
    """
    centre = (box[:2] + box[2:]) / 2
    if _contain(objects, centre):
        return HIT
    return NOT_JUDGED if _contain(doubtful, centre) else MISS


def match_objects(
    boxes: np.ndarray,
    objects: np.ndarray,
    doubtful: np.ndarray,
    iou_thr: float = 0.5,
) -> np.ndarray:
    """Judge boxes of a label, each by an object of its own.

    In their order, each takes the object that it overlaps most of those that are left.
    So a second box on one object is a miss, unless it lies in a doubtful one.

    Args:
        boxes: (n, 4), by falling score.
        objects: (k, 4) boxes of the label's objects.
        doubtful: (m, 4) boxes of its crowds and difficult objects.
        iou_thr: See :func:`overlaps_object`.

    Returns:
        (n,), int8, of ``HIT``, ``MISS`` and ``NOT_JUDGED``.
    """
    judged = np.zeros(len(boxes), dtype=np.int8)
    for i, box in enumerate(boxes):
        judged[i] = overlaps_object(box, objects, doubtful, iou_thr)
        if judged[i] == HIT:
            taken = bbox_overlaps(box[None], objects)[0].argmax()
            objects = np.delete(objects, taken, axis=0)
    return judged


def _contain(boxes: np.ndarray, point: np.ndarray) -> bool:
    """Whether any of the boxes (k, 4) has the point (x, y) in it."""
    return bool(((boxes[:, :2] <= point) & (point <= boxes[:, 2:])).all(1).any())


def mean_hit_rate(judged: np.ndarray, counted: np.ndarray) -> float:
    """The share of hits of each label, averaged over the labels that have any.

    Args:
        judged: (N, C) of ``HIT``, ``MISS`` and ``NOT_JUDGED``.
        counted: (N, C) bool, the cells to look at.

    Returns:
        In [0, 1]; NaN if no cell that is counted is judged.
    """
    total = (counted & (judged != NOT_JUDGED)).sum(0)
    hits = (counted & (judged == HIT)).sum(0)
    return mean_share(hits, total)


def mean_share(part: np.ndarray, total: np.ndarray) -> float:
    """``part`` / ``total``, (C,), averaged over labels with a total; NaN if none."""
    measured = total > 0
    if not measured.any():
        return float('nan')
    return float((part[measured] / total[measured]).mean())
