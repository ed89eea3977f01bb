"""The labels that an image has, each with its boxes, read off a data sample."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from mmdet.evaluation.functional import bbox_overlaps
from mmdet.structures import DetDataSample
from numpy.typing import ArrayLike

SAME_OBJECT = 0.5  # share of the smaller of two boxes that lies in both


class Scores(NamedTuple):
    """The fused score and each branch's, in [0, 1]; ``None`` without the branch."""

    score: float
    object: float | None = None
    context: float | None = None
    scene: float | None = None

    @property
    def of_branches(self) -> tuple[float, ...]:
        """Those of the branches that read patches, as far as the model has them."""
        return tuple(x for x in (self.object, self.context) if x is not None)

    @property
    def of_patch(self) -> float:
        """What these branches agree on: the root of their product.

        Of one branch its score; ``score`` of a model without branches.
        """
        scores = self.of_branches or (self.score,)
        return math.prod(scores) ** (1 / len(scores))


@dataclass(frozen=True)
class EvidenceBox:
    """One patch that speaks for a label.

    Attributes:
        box: (4,), (x1, y1, x2, y2) in pixels of the original image.
        context_box: (4,) in the same frame, what the context branch read, or ``None``.
        scores: Of this patch for the label.
    """

    box: np.ndarray
    context_box: np.ndarray | None
    scores: Scores


@dataclass(frozen=True)
class LabelEvidence:
    """A label whose score reaches its threshold.

    Attributes:
        index: Its place in the class list.
        name: What it is called.
        scores: Of the image.
        threshold: What ``scores.score`` reached.
        boxes: Those of :func:`label_boxes`. Empty if the sample has no box of the
            label, as where the threshold is below the ``score_thr`` of boxes.
    """

    index: int
    name: str
    scores: Scores
    threshold: float
    boxes: tuple[EvidenceBox, ...]

    @property
    def context_only(self) -> bool:
        """Whether the object branch alone would have missed the label."""
        both = self.scores.object is not None and self.scores.context is not None
        return both and self.scores.object < self.threshold


def passing_labels(
    data_sample: DetDataSample, thresholds: ArrayLike, classes: Sequence[str]
) -> list[LabelEvidence]:
    """Collect the labels of an image with their boxes, by falling score.

    Args:
        data_sample: With ``pred_score`` (C,) and, as far as there are any,
            ``pred_object_score`` and so on (C,) of the branches and
            ``pred_instances``, as :meth:`SCANet.predict` leaves them.
        thresholds: (C,), or one number for all labels. A label passes where its
            score is at least its threshold.
        classes: The C names.

    Raises:
        ValueError: There are not as many thresholds or names as scores.
    """
    scores = to_numpy(data_sample.pred_score)
    branches = [
        to_numpy(data_sample.get(f'pred_{branch}_score'))
        for branch in Scores._fields[1:]
    ]
    thresholds = np.asarray(thresholds, dtype=np.float64)
    if thresholds.ndim == 0:
        thresholds = np.full(len(scores), thresholds)
    for what, count in (('thresholds', len(thresholds)), ('names', len(classes))):
        if count != len(scores):
            raise ValueError(f'{count} {what} for {len(scores)} labels')
    order = np.argsort(-scores, kind='stable')
    return [
        LabelEvidence(
            index=int(i),
            name=classes[i],
            scores=_scores_at(i, scores, *branches),
            threshold=float(thresholds[i]),
            boxes=label_boxes(i, data_sample.get('pred_instances'), thresholds[i]),
        )
        for i in order[scores[order] >= thresholds[order]]
    ]


def label_boxes(
    label: int, instances: Mapping[str, object] | None, threshold: float
) -> tuple[EvidenceBox, ...]:
    """Collect the boxes of one label: its best one, and those that show others.

    A further box is to show another object of the label. So it has to speak for the
    label by itself, without the scene, which is the same for all patches of the image:
    both its score and :attr:`Scores.of_patch` reach the threshold. And it shares less
    than half of the smaller box with each better one: parts of an object, and boxes
    around it, score well, and non-maximum suppression by the intersection over union
    lets them pass.

    Args:
        label: Its place in the class list.
        instances: An image's ``pred_instances``, as mmengine's or as a mapping: of n
            boxes ``bboxes`` (n, 4), ``labels`` and ``scores`` (n,) and, as far as there
            are any, ``object_scores`` and so on (n,) and ``context_bboxes`` (n, 4).
        threshold: Of the label.

    Returns:
        By falling score.
    """
    if instances is None or not len(instances.get('labels', ())):
        return ()
    columns = [
        to_numpy(instances.get(name))
        for name in ('scores', *(f'{branch}_scores' for branch in Scores._fields[1:]))
    ]
    boxes = to_numpy(instances.get('bboxes'))
    context_boxes = to_numpy(instances.get('context_bboxes'))
    mine = np.flatnonzero(to_numpy(instances.get('labels')) == label)
    mine = mine[np.argsort(-columns[0][mine], kind='stable')]
    shown: list[EvidenceBox] = []
    for i in mine:
        found = EvidenceBox(
            box=boxes[i],
            context_box=None if context_boxes is None else context_boxes[i],
            scores=_scores_at(i, *columns),
        )
        if shown and min(found.scores.score, found.scores.of_patch) < threshold:
            continue
        better = np.reshape([each.box for each in shown], (-1, 4))
        if (_shared(found.box, better) >= SAME_OBJECT).any():
            continue
        shown.append(found)
    return tuple(shown)


def to_numpy(values: object) -> np.ndarray | None:
    """An array of a tensor, of mmdet's boxes, of a list; ``None`` stays ``None``."""
    if values is None:
        return None
    values = getattr(values, 'tensor', values)
    if hasattr(values, 'cpu'):
        values = values.detach().cpu()
        # NumPy has no bfloat16.
        values = values.float() if values.dtype == torch.bfloat16 else values
    return np.asarray(values)


def _shared(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How much (n,) of the smaller of ``box`` (4,) and each of (n, 4) lies in both."""
    of_box = bbox_overlaps(box[None], others, mode='iof')[0]
    of_others = bbox_overlaps(others, box[None], mode='iof')[:, 0]
    return np.maximum(of_box, of_others)


def _scores_at(index: int, *columns: np.ndarray | None) -> Scores:
    """One row of the columns, in the order of the fields, each (n,) or ``None``."""
    return Scores(*(None if c is None else float(c[index]) for c in columns))
