"""The threshold of one label that serves a purpose best on given scores.

A threshold between two neighbouring scores chooses the same images wherever it
lies between them. It is put midway, so that it does not hang on a single image's
score, which another machine may compute differently in its last digit.
"""

import numpy as np

from .average_precision import threshold_counts

OBJECTIVES = ('f1', 'precision', 'recall')


def fit_threshold(
    score: np.ndarray,
    positive: np.ndarray,
    objective: str = 'f1',
    target: float | None = None,
) -> float:
    """Fit the threshold of one label; a score passes when score >= threshold.

    Args:
        score: (M,) float32 scores in [0, 1] on the label's M scored images.
        positive: (M,) bool, whether the label is present.
        objective: what to fit:

            - ``f1``: the highest F1. Of equal ones the highest threshold is
              taken: it makes fewer false alarms, so each label that is named is
              likelier to be right.
            - ``precision``: the lowest threshold, and so the highest recall, at
              which precision is at least ``target``.
            - ``recall``: the highest threshold at which recall is at least
              ``target``.
        target: the wanted precision or recall, in (0, 1].

    Returns:
        The threshold, in [0, 1]. nan where there is none: without positives, or
        where no threshold reaches the precision.
    """
    if not positive.any():
        return float('nan')
    hits, predictions = threshold_counts(score, positive)
    # Equal fractions of counts are equal as floats, so ties and targets are exact.
    if objective == 'f1':
        place = int(np.argmax(2 * hits / (predictions + hits[-1])))
    elif objective == 'recall':
        place = int(np.argmax(hits / hits[-1] >= target))
    elif objective == 'precision':
        reached = np.flatnonzero(hits / predictions >= target)
        if len(reached) == 0:
            return float('nan')
        place = int(reached[-1])
    else:
        raise ValueError(f'objective {objective!r} is not one of {OBJECTIVES}')
    distinct = np.unique(score)[::-1].astype(np.float64)
    below = distinct[place + 1] if place + 1 < len(distinct) else 0.0
    return float((distinct[place] + below) / 2)


def fit_resampled_threshold(
    score: np.ndarray, positive: np.ndarray, resamples: int, seed: int
) -> float:
    """Mean of the best-F1 thresholds of the images and of resamples of them.

    Where a label has few positives, the threshold of the highest F1 jumps with
    single images. Each resample draws as many images with replacement; their mean
    (bagging: Breiman, "Bagging Predictors", Machine Learning 24, 1996) moves less.

    Args:
        score: (M,) float32 scores in [0, 1] on the label's M scored images.
        positive: (M,) bool, whether the label is present.
        resamples: their number; with none this is :func:`fit_threshold`.
        seed: of the draws.

    Returns:
        The threshold, in [0, 1]; nan without positives.
    """
    if not positive.any():
        return float('nan')
    draws = np.random.default_rng(seed).integers(
        len(score), size=(resamples, len(score))
    )
    fitted = [fit_threshold(score[rows], positive[rows]) for rows in draws]
    # A resample may have drawn no positive, and so no threshold.
    return float(np.nanmean([fit_threshold(score, positive), *fitted]))
