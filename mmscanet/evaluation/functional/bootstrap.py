"""The bootstrap over images: how far a figure moves when other images are drawn.

A draw takes N of N images with replacement and is kept as the number of times
each image was taken. Figures of all draws come from one sorting of the scores.
Row 0 stands for the images as they are, so that a figure and its spread are one
computation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .average_precision import threshold_counts


@dataclass(frozen=True)
class Estimate:
    """A figure and its 90 % interval.

    Args:
        value: in percent, nan where it is not defined.
        low: 5th percentile of the draws.
        high: 95th percentile of the draws.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, rows: np.ndarray) -> 'Estimate':
        """Read (1 + D,) fractions; draws in which the figure is nan do not count."""
        drawn = rows[1:][np.isfinite(rows[1:])]
        low, high = np.percentile(drawn, (5, 95)) if len(drawn) else (np.nan, np.nan)
        return cls(*(100 * float(each) for each in (rows[0], low, high)))


def draw_images(images: int, draws: int, seed: int) -> np.ndarray:
    """Draw images with replacement.

    Args:
        images: N, how many there are and how many each draw takes.
        draws: D, number of draws.
        seed: of NumPy's generator; the same seed gives the same draws.

    Returns:
        (1 + D, N) int64, how often each image is taken; row 0 is all ones.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(images, np.full(images, 1 / images), size=draws)
    return np.concatenate([np.ones((1, images), dtype=drawn.dtype), drawn])


def resampled_counts(
    score: np.ndarray, positive: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count predictions by threshold, as :func:`threshold_counts`, for every draw.

    Thresholds at which no positive enters are left out: they change neither the
    average precision nor the highest recall at a precision.

    Args:
        score: (M,) scores of one label on its M scored images.
        positive: (M,) bool, whether the label is present.
        times: (D, M) how often each draw takes each image.

    Returns:
        Two int64 arrays (D, T): true positives and predictions.
    """
    true_positives, predictions = threshold_counts(score, positive)
    last = predictions[np.diff(true_positives, prepend=0) > 0] - 1
    order = np.argsort(-score, kind='stable')
    drawn = times[:, order]
    return (
        np.cumsum(drawn * positive[order], axis=1)[:, last],
        np.cumsum(drawn, axis=1)[:, last],
    )


def resampled_label_counts(
    score: np.ndarray, gt_score: np.ndarray, times: np.ndarray
) -> Iterator[tuple[int, tuple[np.ndarray, np.ndarray]]]:
    """Yield each label that is present somewhere, with its :func:`resampled_counts`.

    Args:
        score: (N, C) scores.
        gt_score: (N, C) 1 present, 0 absent, -1 not scored.
        times: (D, N) how often each draw takes each image.
    """
    for label in np.flatnonzero((gt_score == 1).any(axis=0)):
        scored = gt_score[:, label] >= 0
        positive = gt_score[scored, label] == 1
        yield label, resampled_counts(score[scored, label], positive, times[:, scored])


def resampled_average_precision(
    true_positives: np.ndarray, predictions: np.ndarray
) -> np.ndarray:
    """Return the :func:`average_precision` of every draw.

    Args:
        true_positives: (D, T) from :func:`resampled_counts`.
        predictions: (D, T) from :func:`resampled_counts`.

    Returns:
        (D,) AP in [0, 1]; nan for a draw without positives.
    """
    if true_positives.shape[1] == 0:
        return np.full(len(true_positives), np.nan)
    positives = true_positives[:, -1]
    gained = np.diff(true_positives, prepend=0, axis=1)
    area = (gained * true_positives / np.maximum(predictions, 1)).sum(axis=1)
    return np.where(positives > 0, area / np.maximum(positives, 1), np.nan)


def mean_over_labels(rows: np.ndarray) -> np.ndarray:
    """Return the mean (D,) of rows (D, C); nan is left out, and is that of no label."""
    defined = np.isfinite(rows)
    count = defined.sum(axis=1)
    total = np.where(defined, rows, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
