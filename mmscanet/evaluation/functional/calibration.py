"""Whether a label's score is a probability, and the temperature that makes it one.

Sources: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities
Using Bayesian Binning", AAAI 2015 (the error, for a binary label); Guo, Pleiss, Sun
and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (bins of equal
width, temperature scaling).
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

TEMPERATURE_RANGE = (0.05, 20.0)

# A score that was rounded to 0 or 1 has no finite logit; this is half the last step
# of float32 below 1.
_SMALLEST = float(np.finfo(np.float32).eps) / 2


def expected_calibration_error(
    score: np.ndarray, positive: np.ndarray, bins: int = 15
) -> float:
    """Mean gap between a label's score and how often the label is there.

    With B bins of equal width, bin b holding the n_b scores in ((b-1)/B, b/B] (the
    first one also 0), of M in all::

        ECE = sum_b  n_b / M * | share of positives in b - mean score in b |

    Args:
        score: (M,) scores in [0, 1] of one label on its scored images.
        positive: (M,) bool, whether the label is present.
        bins: B, the number of bins.

    Returns:
        The error as a fraction; nan without images.
    """
    if len(score) == 0:
        return float('nan')
    score = score.astype(np.float64)
    place = np.clip(np.ceil(score * bins).astype(int) - 1, 0, bins - 1)
    # n_b cancels: what is left is the sum of (truth - score) over the bin.
    gap = np.bincount(place, weights=positive - score, minlength=bins)
    return float(np.abs(gap).sum() / len(score))


def scale_by_temperature(
    score: np.ndarray, temperature: np.ndarray | float
) -> np.ndarray:
    """Divide the logits of scores: ``sigmoid(logit(score) / temperature)``.

    Args:
        score: scores in [0, 1], of any shape.
        temperature: above 0; for scores (N, C) also (C,), one for each label.

    Returns:
        float64 of the shape of ``score``.
    """
    return expit(_finite_logit(score) / temperature)


def fit_temperature(score: np.ndarray, positive: np.ndarray) -> float:
    """Fit the temperature with the lowest negative log likelihood.

    The likelihood is convex in 1 / temperature, so it has one minimum; it is
    sought within :data:`TEMPERATURE_RANGE`.

    Args:
        score: (M,) scores in [0, 1] of one label on its scored images.
        positive: (M,) bool, whether the label is present.

    Returns:
        The temperature: above 1 where the scores are too sure of themselves. 1
        where all images or none have the label, which teaches nothing.
    """
    if positive.all() or not positive.any():
        return 1.0
    towards_truth = np.where(positive, 1, -1) * _finite_logit(score)

    def negative_log_likelihood(log_temperature: float) -> float:
        return np.logaddexp(0, -towards_truth * np.exp(-log_temperature)).mean()

    bounds = np.log(TEMPERATURE_RANGE)
    found = minimize_scalar(negative_log_likelihood, bounds=bounds, method='bounded')
    return float(np.exp(found.x))


def _finite_logit(score: np.ndarray) -> np.ndarray:
    """Logits, float64, of scores moved at least ``_SMALLEST`` away from 0 and 1."""
    return logit(np.clip(score.astype(np.float64), _SMALLEST, 1 - _SMALLEST))
