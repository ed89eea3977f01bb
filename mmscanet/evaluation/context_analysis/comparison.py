"""One figure of the object branch, the context branch and their fusion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

SCORES = dict(
    object='pred_object_score', context='pred_context_score', fusion='pred_score'
)
DIFFERENCES = (('context', 'object'), ('fusion', 'object'))
DIFFERENCE_NAMES = tuple(f'{first} - {second}' for first, second in DIFFERENCES)

# A figure of each score, (1 + D, ...): of the images as they are in row 0, then of
# the draws of the bootstrap.
Rows = Mapping[str, np.ndarray]


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


# By the names of SCORES and DIFFERENCE_NAMES.
Comparison = dict[str, Estimate]


def compare(rows: Rows) -> Comparison:
    """Estimate a figure, (1 + D,) for each score, and the differences.

    A difference is taken draw by draw: what makes a draw easy for one score
    makes it easy for the others, and cancels.
    """
    differences = {
        name: rows[first] - rows[second]
        for name, (first, second) in zip(DIFFERENCE_NAMES, DIFFERENCES, strict=True)
    }
    return {name: Estimate.of(each) for name, each in {**rows, **differences}.items()}


def compare_means(rows: Rows) -> Comparison:
    """Compare means over columns, (1 + D, K) for each score; nan is left out."""
    return compare({name: _mean(each) for name, each in rows.items()})


def _mean(rows: np.ndarray) -> np.ndarray:
    """``np.nanmean(rows, axis=1)`` that is silent where all columns are nan."""
    defined = np.isfinite(rows)
    count = defined.sum(axis=1)
    total = np.where(defined, rows, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
