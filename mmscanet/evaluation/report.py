"""The figures as tables for people to read."""

from collections.abc import Mapping

import numpy as np
from terminaltables import AsciiTable

from .functional import SIZE_GROUPS
from .thresholds import LabelThresholds

CHOICE_FIGURES = ('CP', 'CR', 'CF1', 'CF1_mean', 'OP', 'OR', 'OF1')


def format_figures(
    figures: Mapping[str, float], *, score_key: str, thr: LabelThresholds, topk: int
) -> str:
    """Lay out the figures of :func:`compute_figures` in one table.

    A number that all labels share stands in the table; a file of thresholds is
    named in the title.
    """
    limit = thr.name if thr.source is None else 'fitted'

    def cells(*names: str) -> list[str]:
        return [format_number(figures.get(name)) for name in names]

    readings = {
        f'score >= {limit}': '',
        f'top-{topk}': f'_top{topk}',
        f'top-{topk}, score >= {limit}': f'_top{topk}_thr',
    }
    sections = [
        [
            ['average precision', 'mAP', '11-point', 'envelope'],
            ['all labels', *cells('mAP', 'mAP_11point', 'mAP_envelope')],
        ],
        [
            ['largest instance', 'mAP', 'recall', 'labels'],
            *(
                [group, *cells(f'mAP_{group}', f'recall_{group}', f'num_{group}')]
                for group in SIZE_GROUPS
            ),
        ],
        [
            ['predicted labels', *CHOICE_FIGURES],
            *(
                [reading, *cells(*(name + suffix for name in CHOICE_FIGURES))]
                for reading, suffix in readings.items()
            ),
        ],
    ]
    title = (
        f'{score_key}, {figures["num_images"]} images'
        f' ({figures["num_unlabelled"]} without labels left out)'
    )
    if thr.source is not None:
        title += f', thresholds of {thr.name}'
    return f'{title}\n{draw_table(sections)}'


def format_label_figures(
    label_figures: Mapping[str, np.ndarray], classes: np.ndarray
) -> str:
    """Lay out the figures of :func:`compute_label_figures`, a row for each label."""
    names = list(label_figures)
    rows = [
        [str(label), *(format_number(label_figures[name][row]) for name in names)]
        for row, label in enumerate(classes)
    ]
    return draw_table([[['label', *names], *rows]])


def format_number(value: float | None) -> str:
    """Counts as they are, percentages with two decimals, '-' for none."""
    if value is None or np.isnan(value):
        return '-'
    return str(value) if isinstance(value, (int, np.integer)) else f'{value:.2f}'


def draw_table(sections: list[list[list[str]]]) -> str:
    """Draw sections of rows, the first of each its heading, as one table."""
    width = max(len(row) for section in sections for row in section)
    rows = [row + [''] * (width - len(row)) for section in sections for row in section]
    table = AsciiTable(rows)
    table.inner_heading_row_border = False
    table.justify_columns = {column: 'right' for column in range(1, width)}
    border, *drawn = table.table.splitlines()[:-1]
    lines: list[str] = []
    for section in sections:
        heading, *body = drawn[: len(section)]
        drawn = drawn[len(section) :]
        lines += [border, heading, border, *body]
    return '\n'.join([*lines, border])
