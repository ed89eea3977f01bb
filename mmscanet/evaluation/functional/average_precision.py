"""Average precision of one label, in the three published definitions.

All three read the counts of :func:`threshold_counts`. Cells of equal score
enter together, as one threshold: the figure then depends neither on the order
of the images, nor on how they were shared out between processes, nor on the
sorting algorithm of a machine. scikit-learn does the same. Codes that rank
tied images one after another (the VOC devkits, mmpretrain) agree wherever the
scores are distinct.
"""

import numpy as np


def threshold_counts(
    score: np.ndarray, positive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count the predictions at every distinct score, from the highest down.

    Args:
        score: (M,) scores of one label on its M scored images.
        positive: (M,) bool, whether the label is present.

    Returns:
        Two int64 arrays (T,), T the number of distinct scores: the true
        positives, and all predictions, among images that score at least as
        high as the threshold.
    """
    order = np.argsort(-score, kind='stable')
    score = score[order]
    # The last image of each run of equal scores closes its threshold.
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)[: len(score)])
    return np.cumsum(positive[order], dtype=np.int64)[last], last + 1


def average_precision(true_positives: np.ndarray, predictions: np.ndarray) -> float:
    """Non-interpolated AP, the sum over thresholds of (R_n - R_{n-1}) P_n.

    Equals scikit-learn's ``average_precision_score``.

    Args:
        true_positives: (T,) from :func:`threshold_counts`.
        predictions: (T,) from :func:`threshold_counts`.

    Returns:
        AP in [0, 1]; nan for a label without positives.
    """
    if not _has_positives(true_positives):
        return float('nan')
    gained = np.diff(true_positives, prepend=0)
    return float((gained * true_positives / predictions).sum() / true_positives[-1])


def enveloped_average_precision(
    true_positives: np.ndarray, predictions: np.ndarray
) -> float:
    """AP of the VOC 2010-2012 devkit: area under the precision's envelope.

    The precision at a recall is raised to the highest one at that recall or
    above, so the figure is never below :func:`average_precision`. Arguments and
    return value are those of :func:`average_precision`.
    """
    if not _has_positives(true_positives):
        return float('nan')
    gained = np.diff(true_positives, prepend=0)
    envelope = _highest_from_here_on(true_positives / predictions)
    return float((gained * envelope).sum() / true_positives[-1])


def eleven_point_average_precision(
    true_positives: np.ndarray, predictions: np.ndarray
) -> float:
    """AP of the VOC 2007 devkit: mean envelope at recalls 0, 0.1, ..., 1.

    Arguments and return value are those of :func:`average_precision`.
    """
    if not _has_positives(true_positives):
        return float('nan')
    envelope = _highest_from_here_on(true_positives / predictions)
    # In whole numbers: as floats, a recall of 3 / 10 is below the devkit's 0.3.
    reached = np.searchsorted(
        10 * true_positives, np.arange(11) * true_positives[-1], side='left'
    )
    return float(envelope[reached].mean())


def _has_positives(true_positives: np.ndarray) -> bool:
    """Whether any of the counted images carries the label."""
    return len(true_positives) > 0 and true_positives[-1] > 0


def _highest_from_here_on(precision: np.ndarray) -> np.ndarray:
    """Running maximum from the last threshold to the first, (T,)."""
    return np.maximum.accumulate(precision[::-1])[::-1]
