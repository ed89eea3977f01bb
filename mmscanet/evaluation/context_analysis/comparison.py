"""One figure of the object branch, the context branch and their fusion."""

from collections.abc import Mapping

import numpy as np

from ..functional import Estimate, mean_over_labels

SCORES = dict(
    object='pred_object_score', context='pred_context_score', fusion='pred_score'
)
DIFFERENCES = (('context', 'object'), ('fusion', 'object'))
DIFFERENCE_NAMES = tuple(f'{first} - {second}' for first, second in DIFFERENCES)

# A figure of each score, (1 + D, ...): of the images as they are in row 0, then of
# the draws of the bootstrap.
Rows = Mapping[str, np.ndarray]

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
    return compare({name: mean_over_labels(each) for name, each in rows.items()})
