"""The figures as tables for people to read."""

from collections.abc import Mapping

import numpy as np
from terminaltables import AsciiTable

from .functional import SIZE_GROUPS

_CHOICE = ('CP', 'CR', 'CF1', 'CF1_mean', 'OP', 'OR', 'OF1')


def format_figures(
    figures: Mapping[str, float], *, score_key: str, thr: float, topk: int
) -> str:
    """Lay out the figures of :func:`compute_figures` in one table."""

    def cells(*names: str) -> list[str]:
        return [_number(figures.get(name)) for name in names]

    readings = {
        f'score >= {thr:g}': '',
        f'top-{topk}': f'_top{topk}',
        f'top-{topk}, score >= {thr:g}': f'_top{topk}_thr',
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
            ['predicted labels', *_CHOICE],
            *(
                [reading, *cells(*(name + suffix for name in _CHOICE))]
                for reading, suffix in readings.items()
            ),
        ],
    ]
    title = (
        f'{score_key}, {figures["num_images"]} images'
        f' ({figures["num_unlabelled"]} without labels left out)'
    )
    return f'{title}\n{_table(sections)}'


def format_label_figures(
    label_figures: Mapping[str, np.ndarray], classes: np.ndarray
) -> str:
    """Lay out the figures of :func:`compute_label_figures`, a row for each label."""
    names = list(label_figures)
    rows = [
        [str(label), *(_number(label_figures[name][row]) for name in names)]
        for row, label in enumerate(classes)
    ]
    return _table([[['label', *names], *rows]])


def _number(value: float | None) -> str:
    """Counts as they are, percentages with two decimals, '-' for none."""
    if value is None or np.isnan(value):
        return '-'
    return str(value) if isinstance(value, (int, np.integer)) else f'{value:.2f}'


def _table(sections: list[list[list[str]]]) -> str:
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
