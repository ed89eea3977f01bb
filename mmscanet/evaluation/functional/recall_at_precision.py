"""How much is found at a given precision: scores compared at an equal price.

Two scores with different ranges cannot be compared at one threshold; at one
precision they can. All functions read the counts of :func:`threshold_counts`, or
those of :func:`resampled_counts`, which have a leading dimension.
"""

import numpy as np

from .average_precision import threshold_counts


def recall_at_precision(
    true_positives: np.ndarray, predictions: np.ndarray, precision: float
) -> np.ndarray:
    """Return the highest recall of all thresholds with at least this precision.

    Args:
        true_positives: (..., T) true positives by threshold, from the highest
            threshold down to one that all positives reach.
        predictions: (..., T) predictions by threshold.
        precision: in (0, 1].

    Returns:
        (...) recall in [0, 1]: 0 where no threshold is that precise, nan
        where there are no positives.
    """
    if true_positives.shape[-1] == 0:
        return np.full(true_positives.shape[:-1], np.nan)
    positives = true_positives[..., -1]
    # Division, not `precision * predictions`: 9 / 10 is exactly the float 0.9.
    precise = true_positives / np.maximum(predictions, 1) >= precision
    found = np.where(precise, true_positives, 0).max(axis=-1)
    return np.where(positives > 0, found / np.maximum(positives, 1), np.nan)


def highest_precision(score: np.ndarray, positive: np.ndarray) -> float:
    """Return the highest precision that any threshold on the score gives.

    Args:
        score: (M,) scores, at least one.
        positive: (M,) bool.
    """
    true_positives, predictions = threshold_counts(score, positive)
    return float((true_positives / predictions).max())


def threshold_at_precision(
    score: np.ndarray, positive: np.ndarray, precision: float
) -> float:
    """Return the lowest threshold at which predictions are at least this precise.

    Args:
        score: (M,) scores, at least one.
        positive: (M,) bool.
        precision: in (0, 1], at most :func:`highest_precision`.

    Returns:
        A value of ``score``; what scores at least as high is predicted.

    Raises:
        ValueError: if no threshold is that precise.
    """
    true_positives, predictions = threshold_counts(score, positive)
    precise = np.flatnonzero(true_positives / predictions >= precision)
    if len(precise) == 0:
        raise ValueError(f'no threshold gives a precision of {precision:g}')
    return float(-np.sort(-score)[predictions[precise[-1]] - 1])
