"""What the branches predict with and without a label's usual companion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..functional import Companion, rates_beside
from ..score_table import ScoreTable
from .comparison import Comparison, compare_means


@dataclass(frozen=True)
class PairFigures:
    """How often one label is predicted with and without its companion, in percent.

    Args:
        label: name of A.
        companion: name of B.
        share: P(B | A).
        lift: P(B | A) / P(B), not in percent.
        images: number of images with the companion, and without.
        rates: for each score, the rate with the companion, and without.
    """

    label: str
    companion: str
    share: float
    lift: float
    images: tuple[int, int]
    rates: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class CompanionFigures:
    """Recalls, or false alarm rates, of labels that have a usual companion.

    Args:
        pairs: those with enough images to compare.
        beside: mean over the pairs of the rate with the companion.
        without: the same without the companion.
        difference: ``beside - without``.
    """

    pairs: list[PairFigures]
    beside: Comparison
    without: Comparison
    difference: Comparison


def compare_beside_companions(
    table: ScoreTable,
    predicted: Mapping[str, np.ndarray],
    companions: list[Companion],
    times: np.ndarray,
    *,
    label_present: bool,
    min_count: int,
) -> CompanionFigures:
    """Compare predictions with and without the companion, by pair and on average.

    Args:
        table: ground truth of N images.
        predicted: (N, C) bool for each score.
        companions: all pairs; those with fewer than ``min_count`` images on
            either side are left out.
        times: (1 + D, N) from :func:`draw_images`.
        label_present: True for recalls, False for false alarm rates.
        min_count: the fewest images with, and without, the companion.
    """

    def images(pair: Companion) -> tuple[int, int]:
        if label_present:
            return pair.both, pair.alone
        return pair.companion_only, pair.neither

    companions = [pair for pair in companions if min(images(pair)) >= min_count]
    rates = {
        name: rates_beside(
            choice, table.gt_score, companions, times, label_present=label_present
        )
        for name, choice in predicted.items()
    }
    pairs = [
        PairFigures(
            label=str(table.classes[pair.label]),
            companion=str(table.classes[pair.companion]),
            share=100 * pair.share,
            lift=pair.lift,
            images=images(pair),
            rates={
                name: (100 * float(beside[0, row]), 100 * float(without[0, row]))
                for name, (beside, without) in rates.items()
            },
        )
        for row, pair in enumerate(companions)
    ]
    return CompanionFigures(
        pairs=pairs,
        beside=compare_means({name: beside for name, (beside, _) in rates.items()}),
        without=compare_means({name: without for name, (_, without) in rates.items()}),
        difference=compare_means(
            {name: beside - without for name, (beside, without) in rates.items()}
        ),
    )
