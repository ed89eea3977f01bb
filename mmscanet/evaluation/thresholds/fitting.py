"""Thresholds and temperatures of all labels, fitted on a score table.

The functions fit on every image of the table that they are given; to leave out
images without labels, as the metric does, select with :func:`has_annotations`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmscanet.errors import DataError

from ..functional import (
    fit_resampled_threshold,
    fit_temperature,
    fit_threshold,
    highest_precision,
    predict_at_threshold,
    scale_by_temperature,
)
from ..score_table import ScoreTable
from .label_thresholds import LabelThresholds


def fit_label_thresholds(
    table: ScoreTable,
    *,
    score_key: str = 'pred_score',
    objective: str = 'f1',
    target: float | None = None,
    min_positives: int = 10,
    resamples: int = 0,
    seed: int = 0,
) -> LabelThresholds:
    """Fit a threshold and a temperature for each label.

    Cells that are not scored are left out. A label with fewer than
    ``min_positives`` positives, and one that reaches the wanted precision at no
    threshold, takes the shared threshold: the one fitted for the same objective on
    the cells of all labels together. Where these do not reach the precision either,
    the shared threshold is the one at which they come nearest to it.

    A label with fewer than ``min_positives`` positives or negatives takes the
    temperature fitted on the cells of all labels together.

    Args:
        table: scores and ground truth of N images and C labels.
        score_key: which scores to fit on, see :data:`SCORE_KEYS`.
        objective: ``f1``, ``precision`` or ``recall``, see :func:`fit_threshold`.
        target: the wanted precision or recall.
        min_positives: positives that a label needs for a fit of its own.
        resamples: for ``f1``, average over so many resamples of the images, see
            :func:`fit_resampled_threshold`.
        seed: of the resamples.

    Raises:
        DataError: No cell is positive, or a score is not in [0, 1].
        ValueError: The table has no such scores, or ``resamples`` are asked for
            with a target, which their average need not reach.
    """
    if resamples and objective != 'f1':
        raise ValueError(f'resamples are for f1, not for {objective}')
    score = table.scores(score_key)
    scored, present = table.gt_score >= 0, table.gt_score == 1
    if not present.any():
        raise DataError('no image has a label that is scored: nothing to fit')
    if (outside := score[(score < 0) | (score > 1)]).size:
        raise DataError(f'{score_key} holds {outside[0]}, which is no probability')

    pooled = score[scored], present[scored]
    shared = fit_threshold(*pooled, objective, target)
    if np.isnan(shared):
        shared = fit_threshold(*pooled, objective, highest_precision(*pooled))
    cells = [
        (score[rows, label], present[rows, label])
        for label, rows in enumerate(scored.T)
    ]
    if objective == 'f1':
        fits = [fit_resampled_threshold(*each, resamples, seed) for each in cells]
    else:
        fits = [fit_threshold(*each, objective, target) for each in cells]
    values = np.array(fits)
    temperature = np.array([fit_temperature(*each) for each in cells])

    classes = [str(label) for label in table.classes]
    positives = present.sum(axis=0)
    negatives = scored.sum(axis=0) - positives
    fallback = np.isnan(values) | (positives < min_positives)
    few = np.minimum(positives, negatives) < min_positives
    return LabelThresholds(
        classes=tuple(classes),
        values=np.where(fallback, shared, values),
        fallback=tuple(classes[row] for row in np.flatnonzero(fallback)),
        positives=positives,
        temperature=np.where(few, fit_temperature(*pooled), temperature),
        shared_threshold=shared,
        objective=objective,
        target=target,
        min_positives=min_positives,
        resamples=resamples,
        num_images=len(table.img_id),
        score_key=score_key,
    )


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What thresholds and temperatures do on images they were not fitted on.

    Args:
        predicted: (N, C) bool, score >= threshold.
        calibrated: (N, C) float64, scores scaled by temperature.
    """

    predicted: np.ndarray
    calibrated: np.ndarray


def cross_fit(table: ScoreTable, *, folds: int, seed: int, **options: Any) -> HeldOut:
    """Fit on all folds of the images but one, apply to that one, and go round.

    Args:
        table: scores and ground truth of N images and C labels.
        folds: number of folds; with N or more each image is a fold.
        seed: of the images' random order, and of the resamples.
        **options: those of :func:`fit_label_thresholds`.

    Raises:
        DataError: There are too few images with labels to leave some out.
    """
    images = len(table.img_id)
    if images < 2:
        raise DataError('one image cannot be divided into folds')
    score = table.scores(options.get('score_key', 'pred_score'))
    fold = np.random.default_rng(seed).permutation(images) % folds
    predicted = np.zeros(score.shape, dtype=bool)
    calibrated = np.zeros(score.shape)
    for each in np.unique(fold):
        out = fold == each
        fitted = fit_label_thresholds(table.select(~out), seed=seed, **options)
        predicted[out] = predict_at_threshold(score[out], fitted.values)
        calibrated[out] = scale_by_temperature(score[out], fitted.temperature)
    return HeldOut(predicted, calibrated)
