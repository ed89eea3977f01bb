"""A prediction as plain Python data, ready for JSON."""

from collections.abc import Sequence

import numpy as np
from mmdet.structures import DetDataSample

from mmscanet.structures import EvidenceBox, LabelEvidence, passing_labels

# Digits behind the point. Scores differ less than that from machine to machine.
SCORE_DIGITS = 5
BOX_DIGITS = 2  # of a pixel


def to_prediction(
    sample: DetDataSample,
    thresholds: np.ndarray,
    classes: Sequence[str],
    image: str | None = None,
) -> dict[str, object]:
    """Say which labels an image has, and why.

    Args:
        sample: Of one image, as :meth:`SCANet.predict` returns it.
        thresholds: (C,); a label is there if its score is at least its threshold.
        classes: Names of the C labels.
        image: Path or URL of the image, if it has one.

    Returns:
        ``image``; ``width`` and ``height`` in pixels; ``labels``, by falling score,
        each with ``label``, ``score``, ``threshold``, ``object_score``,
        ``context_score`` and ``scene_score`` of the image (``None`` without that
        branch), ``context_only``, which says that the object branch alone would have
        missed the label, and ``boxes``: the best, and those that show other objects
        (:func:`~mmscanet.structures.label_boxes`), unless the model keeps none with so
        low a score (``score_thr`` of its ``test_cfg``, 0.05). Each has ``box`` and
        ``context_box``, what the context branch read, as x1, y1, x2, y2 in pixels of
        the original image, ``score``, ``object_score`` and ``context_score``.
    """
    height, width = sample.ori_shape[:2]
    labels = [_label(each) for each in passing_labels(sample, thresholds, classes)]
    return dict(image=image, width=int(width), height=int(height), labels=labels)


def _label(evidence: LabelEvidence) -> dict[str, object]:
    return dict(
        label=evidence.name,
        score=_score(evidence.scores.score),
        threshold=_score(evidence.threshold),
        object_score=_score(evidence.scores.object),
        context_score=_score(evidence.scores.context),
        scene_score=_score(evidence.scores.scene),
        context_only=evidence.context_only,
        boxes=[_box(each) for each in evidence.boxes],
    )


def _box(evidence: EvidenceBox) -> dict[str, object]:
    return dict(
        box=_corners(evidence.box),
        context_box=_corners(evidence.context_box),
        score=_score(evidence.scores.score),
        object_score=_score(evidence.scores.object),
        context_score=_score(evidence.scores.context),
    )


def _score(value: float | None) -> float | None:
    return None if value is None else round(float(value), SCORE_DIGITS)


def _corners(box: np.ndarray | None) -> list[float] | None:
    return None if box is None else [round(float(x), BOX_DIGITS) for x in box]
