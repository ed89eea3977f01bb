"""One figure of each branch and of their fusion."""

from collections.abc import Iterable, Mapping

import numpy as np

from ..functional import Estimate, mean_over_labels
from ..score_table import ScoreTable

REFERENCE = 'object'
SCORES = dict(
    object='pred_object_score',
    context='pred_context_score',
    scene='pred_scene_score',
    fusion='pred_score',
)

# A figure of each score, (1 + D, ...): of the images as they are in row 0, then of
# the draws of the bootstrap.
Rows = Mapping[str, np.ndarray]

# By the names of scores, then of differences.
Comparison = dict[str, Estimate]


def scores_of(table: ScoreTable) -> dict[str, np.ndarray]:
    """The scores (N, C) to compare, by the names of :data:`SCORES`.

    Only SCANet+ has a scene branch; it is left out where there is none.

    Raises:
        ValueError: if another one is missing.
    """
    return {
        name: table.scores(key)
        for name, key in SCORES.items()
        if name != 'scene' or table.pred_scene_score is not None
    }


def difference_names(names: Iterable[str]) -> tuple[str, ...]:
    """What the scores of these names are compared by: each less the object branch."""
    return tuple(f'{name} - {REFERENCE}' for name in names if name != REFERENCE)


def compare(rows: Rows) -> Comparison:
    """Estimate a figure, (1 + D,) for each score, and the differences.

    A difference is taken draw by draw: what makes a draw easy for one score
    makes it easy for the others, and cancels.
    """
    others = [each for name, each in rows.items() if name != REFERENCE]
    differences = {
        name: other - rows[REFERENCE]
        for name, other in zip(difference_names(rows), others, strict=True)
    }
    return {name: Estimate.of(each) for name, each in {**rows, **differences}.items()}


def compare_means(rows: Rows) -> Comparison:
    """Compare means over columns, (1 + D, K) for each score; nan is left out."""
    return compare({name: mean_over_labels(each) for name, each in rows.items()})
