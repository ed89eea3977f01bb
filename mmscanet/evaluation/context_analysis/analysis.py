"""From a score table to what context does, by label, by size, beside companions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..figures import has_annotations
from ..functional import (
    SIZE_GROUPS,
    draw_images,
    find_companions,
    highest_precision,
    precision_recall_f1,
    predict_at_threshold,
    recall_at_precision,
    resampled_average_precision,
    resampled_label_counts,
    threshold_at_precision,
)
from ..score_table import ScoreTable
from ..thresholds import LabelThresholds, Threshold
from .companions import CompanionFigures, compare_beside_companions
from .comparison import (
    SCORES,
    Comparison,
    Rows,
    compare,
    compare_means,
    difference_names,
    scores_of,
)

GROUPS = ('all', *SIZE_GROUPS)


@dataclass(frozen=True)
class GroupFigures:
    """Figures of the labels whose largest instance has one size, or of all.

    Args:
        positives: number of present labels.
        mAP: as ``mAP`` and ``mAP_small`` in ``docs/protocol.md``.
        recall_at_precision: mean over labels of each label's highest recall at
            the precision asked for.
        recall: over all labels at once, at the common operating point.
    """

    positives: int
    mAP: Comparison
    recall_at_precision: Comparison
    recall: Comparison


@dataclass(frozen=True)
class LabelFigures:
    """Figures of one label of any size."""

    label: str
    positives: int
    AP: Comparison
    recall_at_precision: Comparison


@dataclass(frozen=True)
class OperatingPoint:
    """The threshold of one score at the common precision; figures in percent."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class ContextAnalysis:
    """What :func:`analyze_context` found; figures in percent.

    Args:
        images: number of images measured.
        unlabelled: number of images left out, on which nothing is annotated.
        groups: figures by size of object, by the names of :data:`GROUPS`; a group
            without positives is not there.
        labels: figures of each label that has positives.
        operating_points: thresholds at the common precision, by score.
        recall: where the label is present: what is missed without the companion.
        false_alarms: where it is absent: what is seen beside the companion.
        without_companion: labels that have no usual companion.
    """

    images: int
    unlabelled: int
    groups: dict[str, GroupFigures]
    labels: list[LabelFigures]
    operating_points: dict[str, OperatingPoint]
    recall: CompanionFigures
    false_alarms: CompanionFigures
    without_companion: list[str]

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores that were compared, see :data:`SCORES`."""
        return tuple(self.operating_points)

    @property
    def differences(self) -> tuple[str, ...]:
        """Names of their differences."""
        return difference_names(self.operating_points)


def analyze_context(
    table: ScoreTable,
    *,
    precision: float = 0.9,
    thr: Threshold = 0.5,
    min_count: int = 10,
    min_lift: float = 1.25,
    draws: int = 200,
    seed: int = 0,
) -> ContextAnalysis:
    """Compare the branches of one model with each other and with their fusion.

    Args:
        table: scores of the branches, and ground truth. Images on which nothing
            is annotated are left out.
        precision: at which each label's recall is read, in (0, 1].
        thr: threshold of the fusion, a number or a thresholds file. All scores
            are set to the overall precision that the fusion has there, for the
            recalls by size and beside companions.
        min_count: see :func:`find_companions`.
        min_lift: see :func:`find_companions`.
        draws: number of draws of the bootstrap over images.
        seed: of the draws.

    Raises:
        ValueError: if a branch is missing, no image has a label that is scored,
            or the fusion predicts no label rightly at ``thr``.
        UsageError: if the thresholds are not of these labels, or not of the fusion.
    """
    labelled = has_annotations(table.gt_score)
    table = table.select(labelled)
    scores = scores_of(table)
    if not (table.gt_score == 1).any():
        raise ValueError('no image has a label that is scored: nothing to measure')

    times = draw_images(len(table.img_id), draws, seed)
    thresholds = LabelThresholds.resolve(thr, table.classes)
    thresholds.check_score_key(SCORES['fusion'])
    points = _operating_points(table, scores, thresholds)
    predicted = {
        name: predict_at_threshold(score, points[name].threshold)
        for name, score in scores.items()
    }
    truths = {group: table.gt_score_of(group) for group in GROUPS}
    truths = {group: each for group, each in truths.items() if (each == 1).any()}
    rows = {
        group: _label_rows(scores, gt_score, times, precision)
        for group, gt_score in truths.items()
    }
    companions = find_companions(table.gt_score, min_count=min_count, min_lift=min_lift)
    recall, false_alarms = (
        compare_beside_companions(
            table,
            predicted,
            companions,
            times,
            label_present=label_present,
            min_count=min_count,
        )
        for label_present in (True, False)
    )
    having = {pair.label for pair in companions}
    return ContextAnalysis(
        images=len(table.img_id),
        unlabelled=int((~labelled).sum()),
        groups={
            group: GroupFigures(
                positives=int((gt_score == 1).sum()),
                mAP=compare_means(rows[group][0]),
                recall_at_precision=compare_means(rows[group][1]),
                recall=compare(_overall_recall(predicted, gt_score == 1, times)),
            )
            for group, gt_score in truths.items()
        },
        labels=_label_figures(table, *rows['all']),
        operating_points=points,
        recall=recall,
        false_alarms=false_alarms,
        without_companion=[
            str(name) for label, name in enumerate(table.classes) if label not in having
        ],
    )


def _operating_points(
    table: ScoreTable, scores: Mapping[str, np.ndarray], thresholds: LabelThresholds
) -> dict[str, OperatingPoint]:
    """Set all scores to the overall precision of the fusion at its thresholds.

    Where a score nowhere reaches it, all go to the highest that it reaches.
    """
    cells = table.gt_score >= 0
    positive = table.gt_score[cells] == 1
    scores = {name: score[cells] for name, score in scores.items()}
    at_thr = predict_at_threshold(table.pred_score, thresholds.values)
    target = precision_recall_f1(at_thr, table.gt_score)['overall_precision']
    if target == 0:
        raise ValueError(
            f'the fusion predicts no label rightly at threshold {thresholds.name}; '
            'name a lower one with --thr'
        )
    reached = (highest_precision(score, positive) for score in scores.values())
    target = min(target, *reached)
    points = {}
    for name, score in scores.items():
        threshold = threshold_at_precision(score, positive, target)
        choice = score >= threshold
        points[name] = OperatingPoint(
            threshold=threshold,
            precision=100 * float(positive[choice].mean()),
            recall=100 * float(choice[positive].mean()),
        )
    return points


def _label_rows(
    scores: Mapping[str, np.ndarray],
    gt_score: np.ndarray,
    times: np.ndarray,
    precision: float,
) -> tuple[Rows, Rows]:
    """Compute AP and recall at a precision of each label, (1 + D, C) by score."""
    aps = {name: np.full((len(times), gt_score.shape[1]), np.nan) for name in scores}
    recalls = {name: rows.copy() for name, rows in aps.items()}
    for name, score in scores.items():
        for label, counts in resampled_label_counts(score, gt_score, times):
            aps[name][:, label] = resampled_average_precision(*counts)
            recalls[name][:, label] = recall_at_precision(*counts, precision)
    return aps, recalls


def _label_figures(table: ScoreTable, aps: Rows, recalls: Rows) -> list[LabelFigures]:
    """Collect the figures of each label that has positives."""
    positives = (table.gt_score == 1).sum(axis=0)
    return [
        LabelFigures(
            label=str(table.classes[label]),
            positives=int(positives[label]),
            AP=compare({name: rows[:, label] for name, rows in aps.items()}),
            recall_at_precision=compare(
                {name: rows[:, label] for name, rows in recalls.items()}
            ),
        )
        for label in np.flatnonzero(positives)
    ]


def _overall_recall(
    predicted: Mapping[str, np.ndarray], present: np.ndarray, times: np.ndarray
) -> Rows:
    """Compute the share of present cells that are predicted, (1 + D,) by score."""
    positives = times @ present.sum(axis=1)
    return {
        name: np.where(
            positives > 0,
            times @ (choice & present).sum(axis=1) / np.maximum(positives, 1),
            np.nan,
        )
        for name, choice in predicted.items()
    }
