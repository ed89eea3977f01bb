"""Labels that usually come together, and predictions with and without the companion.

A context branch learns that chairs stand by tables. Where a chair stands alone it
may miss it, and where a table stands alone it may see a chair that is not there.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Companion:
    """A label A and its usual companion B.

    Args:
        label: column of A.
        companion: column of B.
        share: P(B | A), the share of A's images that also show B.
        lift: P(B | A) / P(B); 1 if the two labels are independent.
        both: images that show A and B.
        alone: images that show A without B.
        companion_only: images that show B without A.
        neither: images that show neither.
    """

    label: int
    companion: int
    share: float
    lift: float
    both: int
    alone: int
    companion_only: int
    neither: int


def find_companions(
    gt_score: np.ndarray, *, min_count: int = 10, min_lift: float = 1.25
) -> list[Companion]:
    """Find the usual companion of every label in the ground truth.

    It is the label B with the highest P(B | A) among those with a lift of at least
    ``min_lift``. P(B | A) alone would choose the most frequent label for nearly
    everyone, the lift alone a rare one. ``min_count`` images must show both,
    and there must be that many to compare them with: with A but not B
    (for recall), or without A, both with and without B (for false alarms).

    Args:
        gt_score: (N, C) 1 present, 0 absent, -1 not scored. For each pair of
            labels the images count that are scored for both.
        min_count: the fewest images of a case.
        min_lift: the lowest P(B | A) / P(B).

    Returns:
        Labels that have a companion, in the order of their columns. Of companions
        with equal P(B | A) the first column is taken.
    """
    present, absent = (gt_score == 1).astype(int), (gt_score == 0).astype(int)
    counts = dict(  # (C, C), labels down, companions across
        both=present.T @ present,
        alone=present.T @ absent,
        companion_only=absent.T @ present,
        neither=absent.T @ absent,
    )
    both, alone = counts['both'], counts['alone']
    images = sum(counts.values())
    share = both / np.maximum(both + alone, 1)
    frequency = (both + counts['companion_only']) / np.maximum(images, 1)
    lift = np.divide(share, frequency, out=np.zeros_like(share), where=frequency > 0)

    enough = {case: count >= min_count for case, count in counts.items()}
    comparable = enough['alone'] | (enough['companion_only'] & enough['neither'])
    usual = enough['both'] & comparable & (lift >= min_lift)
    np.fill_diagonal(usual, False)
    best = np.where(usual, share, -1).argmax(axis=1)
    return [
        Companion(
            label=int(label),
            companion=int(best[label]),
            share=float(share[label, best[label]]),
            lift=float(lift[label, best[label]]),
            **{case: int(count[label, best[label]]) for case, count in counts.items()},
        )
        for label in np.flatnonzero(usual.any(axis=1))
    ]


def rates_beside(
    predicted: np.ndarray,
    gt_score: np.ndarray,
    companions: list[Companion],
    times: np.ndarray,
    *,
    label_present: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Compute how often labels are predicted with and without their companions.

    Args:
        predicted: (N, C) bool.
        gt_score: (N, C) 1 present, 0 absent, -1 not scored; images that are not
            scored for both labels of a pair are left out.
        companions: K pairs.
        times: (D, N) how often each draw takes each image; ones for no draw.
        label_present: look at images that show the label, which gives recalls,
            or at images that do not, which gives false alarm rates.

    Returns:
        Two arrays (D, K) in [0, 1]: the companion present, and absent; nan where
        a draw has no such image.
    """
    labels = [each.label for each in companions]
    partners = gt_score[:, [each.companion for each in companions]]
    hit = predicted[:, labels]

    def rate(companion_present: bool) -> np.ndarray:
        case = (gt_score[:, labels] == label_present) & (partners == companion_present)
        images = times @ case.astype(float)
        hits = times @ (hit & case).astype(float)
        return np.where(images > 0, hits / np.maximum(images, 1), np.nan)

    return rate(True), rate(False)
