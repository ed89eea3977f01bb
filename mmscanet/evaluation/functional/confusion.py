"""Which labels are predicted, and precision, recall and F1 of that choice."""

import numpy as np


def predict_at_threshold(score: np.ndarray, thr: float | np.ndarray) -> np.ndarray:
    """Predict every label that scores at least ``thr``.

    Scores and thresholds are compared as float64: a number for all labels then
    does what the same number for each label does.

    Args:
        score: (N, C) scores.
        thr: the lowest score that counts as a prediction, one or (C,).

    Returns:
        (N, C) bool.
    """
    return score >= np.asarray(thr, dtype=np.float64)


def predict_topk(score: np.ndarray, topk: int) -> np.ndarray:
    """Predict exactly the ``topk`` highest labels of each image.

    Of labels that tie for the last place the one that comes first in the class
    list is taken. All C labels compete, also those not scored in an image: what
    a model predicts must not depend on the ground truth.

    Args:
        score: (N, C) scores.
        topk: labels for each image; all C where C is smaller.

    Returns:
        (N, C) bool.
    """
    highest = np.argsort(-score, axis=1, kind='stable')[:, :topk]
    predicted = np.zeros(score.shape, dtype=bool)
    np.put_along_axis(predicted, highest, True, axis=1)
    return predicted


def precision_recall_f1(
    predicted: np.ndarray, gt_score: np.ndarray
) -> dict[str, np.ndarray | float]:
    """Precision, recall and F1 for each label, and over all cells at once.

    A cell that is not scored (-1) is neither true positive, false positive nor
    false negative. A label that is never predicted has precision 0.

    Args:
        predicted: (N, C) bool.
        gt_score: (N, C) 1 present, 0 absent, -1 not scored.

    Returns:
        Fractions. ``precision``, ``recall``, ``f1``: (C,), nan for a label
        without positives. ``overall_precision``, ``overall_recall``,
        ``overall_f1``: floats over all scored cells.
    """
    present = gt_score == 1
    hits = (predicted & present).sum(axis=0)
    claims = (predicted & (gt_score >= 0)).sum(axis=0)
    positives = present.sum(axis=0)

    measured = positives > 0
    precision = np.where(measured, _ratio(hits, claims), np.nan)
    recall = np.where(measured, _ratio(hits, positives), np.nan)
    # 2 TP / (2 TP + FP + FN), which is the harmonic mean without its 0 / 0.
    f1 = np.where(measured, _ratio(2 * hits, claims + positives), np.nan)
    return dict(
        precision=precision,
        recall=recall,
        f1=f1,
        overall_precision=float(_ratio(hits.sum(), claims.sum())),
        overall_recall=float(_ratio(hits.sum(), positives.sum())),
        overall_f1=float(_ratio(2 * hits.sum(), claims.sum() + positives.sum())),
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``, and 0 where there is nothing to divide by."""
    return part / np.maximum(whole, 1)
