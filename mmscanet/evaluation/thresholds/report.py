"""What fitted thresholds and temperatures change, as figures and as tables."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..figures import choice_figures
from ..functional import (
    expected_calibration_error,
    precision_recall_f1,
    predict_at_threshold,
    scale_by_temperature,
)
from ..report import CHOICE_FIGURES, draw_table, format_number
from ..score_table import ScoreTable
from .fitting import HeldOut
from .label_thresholds import LabelThresholds

_LABEL_FIGURES = ('precision', 'recall', 'f1')
_HEADING = ['label', 'positives', 'threshold', *_LABEL_FIGURES]
_HEADING += ['{objective} held out', 'ECE', 'temperature']
_CHOICES = {
    'at_0.5': 'score >= 0.5',
    'fitted': 'fitted, the same images',
    'held_out': 'fitted, images held out',
}
_SCALINGS = {
    'before': 'scores as they are',
    'after': 'scaled, the same images',
    'held_out': 'scaled, images held out',
}


def measure_thresholds(
    table: ScoreTable,
    thresholds: LabelThresholds,
    held_out: HeldOut | None,
    bins: int = 15,
) -> dict[str, dict[str, Any]]:
    """Compare 0.5 with fitted thresholds, and scores before and after scaling.

    Args:
        table: the images that the thresholds were fitted on.
        thresholds: of :func:`fit_label_thresholds`.
        held_out: of :func:`cross_fit`; None where that is not possible.
        bins: of the expected calibration error.

    Returns:
        All in percent, by choice (``at_0.5``, ``fitted``, and ``held_out`` if there
        is one): ``overall``, the figures of :func:`choice_figures`, and ``labels``,
        the (C,) arrays ``precision``, ``recall`` and ``f1``, nan for a label without
        positives. And ``calibration``, (C,) arrays of expected calibration errors:
        ``before`` scaling, ``after`` it on the same images, and ``held_out``.
    """
    score, gt_score = table.scores(thresholds.score_key), table.gt_score
    choices = {
        'at_0.5': predict_at_threshold(score, 0.5),
        'fitted': predict_at_threshold(score, thresholds.values),
    }
    scalings = {
        'before': score,
        'after': scale_by_temperature(score, thresholds.temperature),
    }
    if held_out is not None:
        choices['held_out'] = held_out.predicted
        scalings['held_out'] = held_out.calibrated
    return dict(
        overall={
            name: choice_figures(each, gt_score) for name, each in choices.items()
        },
        labels={name: _label_figures(each, gt_score) for name, each in choices.items()},
        calibration={
            name: _calibration_errors(each, gt_score, bins)
            for name, each in scalings.items()
        },
    )


def format_fit(
    measured: Mapping[str, Mapping[str, Any]], thresholds: LabelThresholds
) -> str:
    """Lay out :func:`measure_thresholds`: a row for each label, then all together.

    In a cell with two numbers the first is at 0.5, or before scaling; the error
    after scaling is that of the images held out, if there are any. Of the label's
    figures on images held out the one that was fitted for is shown.
    """
    labels, ece = measured['labels'], measured['calibration']
    held_out, scaled = labels.get('held_out'), ece.get('held_out', ece['after'])
    objective = thresholds.objective
    rows = [[name.format(objective=objective) for name in _HEADING]]
    for row, label in enumerate(thresholds.classes):
        mark = '*' if label in thresholds.fallback else ' '
        rows.append(
            [
                label,
                str(thresholds.positives[row]),
                f'{thresholds.values[row]:.4f}{mark}',
                *(
                    _change(labels['at_0.5'][name][row], labels['fitted'][name][row])
                    for name in _LABEL_FIGURES
                ),
                format_number(held_out[objective][row] if held_out else None),
                _change(ece['before'][row], scaled[row]),
                f'{thresholds.temperature[row]:.2f}',
            ]
        )
    choices = [['all labels', *CHOICE_FIGURES]]
    for name, figures in measured['overall'].items():
        cells = [format_number(figures[key]) for key in CHOICE_FIGURES]
        choices.append([_CHOICES[name], *cells])
    scalings = [['all labels', 'mean ECE']]
    for name, errors in ece.items():
        scalings.append([_SCALINGS[name], format_number(np.nanmean(errors))])
    return '\n'.join(
        [
            draw_table([rows]),
            *_explain_fallback(thresholds),
            draw_table([choices]),
            draw_table([scalings]),
        ]
    )


def _label_figures(
    predicted: np.ndarray, gt_score: np.ndarray
) -> dict[str, np.ndarray]:
    """Precision, recall and F1 of each label, in percent, (C,) each."""
    figures = precision_recall_f1(predicted, gt_score)
    return {name: 100 * figures[name] for name in _LABEL_FIGURES}


def _calibration_errors(
    score: np.ndarray, gt_score: np.ndarray, bins: int
) -> np.ndarray:
    """Expected calibration error of each label's scored images, in percent, (C,)."""
    errors = [
        expected_calibration_error(score[rows, label], gt_score[rows, label] == 1, bins)
        for label, rows in enumerate((gt_score >= 0).T)
    ]
    return 100 * np.array(errors)


def _explain_fallback(thresholds: LabelThresholds) -> list[str]:
    """Say why labels share a threshold, in a line for each reason that occurs."""
    rare, out_of_reach = [], []
    for label, positives in zip(thresholds.classes, thresholds.positives, strict=True):
        if label in thresholds.fallback:
            too_few = positives < thresholds.min_positives
            (rare if too_few else out_of_reach).append(label)
    shared = f'* take the shared threshold {thresholds.shared_threshold:.4f}'
    lines = []
    if rare:
        few = f'fewer than {thresholds.min_positives} positives'
        lines.append(f'{shared}, having {few}: {", ".join(rare)}')
    if out_of_reach:
        no_threshold = f'no threshold with precision {thresholds.target:g}'
        lines.append(f'{shared}, having {no_threshold}: {", ".join(out_of_reach)}')
    return lines


def _change(before: float, after: float) -> str:
    """Two numbers of a cell."""
    return f'{format_number(before)} -> {format_number(after)}'
