"""Two models on the same images: by how much they differ, and how surely.

Most of what moves a mean average precision when other images are drawn moves that of
both models alike. So the bootstrap draws images for both at once and looks at the
difference, whose interval is narrower than either model's own. It tells of the
images that happened to be measured, not of the seed that happened to be trained.
"""

from dataclasses import dataclass

import numpy as np

from .figures import has_annotations
from .functional import (
    SIZE_GROUPS,
    Estimate,
    draw_images,
    mean_over_labels,
    resampled_average_precision,
    resampled_label_counts,
)
from .score_table import ScoreTable


@dataclass(frozen=True)
class PairedFigures:
    """A mean of average precisions, or that of one label, of both models in percent.

    Args:
        positives: number of present labels.
        reference: the model that the other is held against.
        other: the other.
        difference: other - reference.
    """

    positives: int
    reference: Estimate
    other: Estimate
    difference: Estimate


@dataclass(frozen=True)
class PairedComparison:
    """What :func:`compare_paired` found.

    Args:
        images: number of images measured; those without any annotation are left out.
        groups: mAP of ``all`` labels and of those whose largest instance is ``small``,
            ``medium`` or ``large``; a group without positives is not there.
        labels: AP of each label that has positives.
    """

    images: int
    groups: dict[str, PairedFigures]
    labels: dict[str, PairedFigures]


def compare_paired(
    reference: ScoreTable,
    other: ScoreTable,
    *,
    score_key: str = 'pred_score',
    draws: int = 1000,
    seed: int = 0,
) -> PairedComparison:
    """Compare the average precisions of two models over the same draws of images.

    Args:
        reference: scores of one model, and ground truth.
        other: scores of another model on the same images.
        score_key: which of their scores to compare, see :data:`SCORE_KEYS`.
        draws: D, number of draws of the bootstrap over images.
        seed: of the draws.

    Raises:
        ValueError: if images, labels or ground truth differ, a model lacks the score,
            or no image has a label that is scored.
    """
    for name in ('img_id', 'classes', 'gt_score', 'gt_area'):
        if not np.array_equal(getattr(reference, name), getattr(other, name)):
            raise ValueError(f'the two differ in {name}: measure the same images')
    labelled = has_annotations(reference.gt_score)
    tables = [table.select(labelled) for table in (reference, other)]
    if not (tables[0].gt_score == 1).any():
        raise ValueError('no image has a label that is scored: nothing to measure')
    times = draw_images(int(labelled.sum()), draws, seed)
    scores = [table.scores(score_key) for table in tables]

    groups, labels = {}, {}
    for group in ('all', *SIZE_GROUPS):
        gt_score = tables[0].gt_score_of(group)
        positives = (gt_score == 1).sum(axis=0)
        if not positives.any():
            continue
        rows = [_label_rows(score, gt_score, times) for score in scores]
        means = [mean_over_labels(each) for each in rows]
        groups[group] = _pair(int(positives.sum()), *means)
        if group == 'all':
            labels = {
                str(tables[0].classes[label]): _pair(
                    int(positives[label]), *(each[:, label] for each in rows)
                )
                for label in np.flatnonzero(positives)
            }
    return PairedComparison(images=times.shape[1], groups=groups, labels=labels)


def _label_rows(
    score: np.ndarray, gt_score: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """AP of each label in each draw, (1 + D, C), nan where there are no positives."""
    rows = np.full((len(times), score.shape[1]), np.nan)
    for label, counts in resampled_label_counts(score, gt_score, times):
        rows[:, label] = resampled_average_precision(*counts)
    return rows


def _pair(positives: int, reference: np.ndarray, other: np.ndarray) -> PairedFigures:
    """Of (1 + D,) rows in which the first is that of the images as they are."""
    return PairedFigures(
        positives=positives,
        reference=Estimate.of(reference),
        other=Estimate.of(other),
        difference=Estimate.of(other - reference),
    )
