"""The analysis as Markdown tables, which a terminal shows well too."""

from collections.abc import Sequence
from math import isnan

from terminaltables import GithubFlavoredMarkdownTable

from ..functional import Estimate
from .analysis import ContextAnalysis
from .companions import CompanionFigures
from .comparison import Comparison


def format_analysis(analysis: ContextAnalysis, *, precision: float, thr: str) -> str:
    """Lay out all figures of an analysis in Markdown.

    Args:
        analysis: from :func:`analyze_context`.
        precision: the one it was made with.
        thr: the one it was made with, in words.
    """
    common = min(point.precision for point in analysis.operating_points.values())
    missing = ', '.join(analysis.without_companion) or 'none'
    parts = [
        '# What context does',
        f'{analysis.images} images ({analysis.unlabelled} without labels left out). '
        'In brackets: 90 % interval, from draws of images.',
        '## By size of the largest instance',
        'mAP:',
        _group_table(analysis, 'mAP'),
        f'Recall at a precision of {precision:g} for each label, mean over labels:',
        _group_table(analysis, 'recall_at_precision'),
        'Recall of all labels at once, at the common operating point:',
        _group_table(analysis, 'recall'),
        'The common operating point is an overall precision of at least '
        f'{common:.2f} %, which the fusion has at the threshold {thr} '
        '(or the highest that all reach):',
        _operating_point_table(analysis),
        '## By label',
        f'AP, and recall at a precision of {precision:g} (R). '
        'A star marks an interval that leaves out 0.',
        _label_table(analysis),
        '## With and without the usual companion',
        'At the common operating point. Means over the labels below:',
        _companion_summary(analysis),
        'Recall with the companion / without:',
        _pair_table(analysis.recall, analysis.scores),
        'False alarm rate with the companion / without:',
        _pair_table(analysis.false_alarms, analysis.scores),
        f'Labels without a usual companion: {missing}.',
    ]
    return '\n\n'.join(parts) + '\n'


def _group_table(analysis: ContextAnalysis, figure: str) -> str:
    rows = [
        [name, str(group.positives), *_cells(getattr(group, figure))]
        for name, group in analysis.groups.items()
    ]
    heading = ['largest instance', 'labels', *analysis.scores, *analysis.differences]
    return _table(heading, rows)


def _operating_point_table(analysis: ContextAnalysis) -> str:
    points = analysis.operating_points
    return _table(
        ['', *points],
        [
            ['threshold', *(f'{point.threshold:.3f}' for point in points.values())],
            ['precision', *(f'{point.precision:.2f}' for point in points.values())],
            ['recall', *(f'{point.recall:.2f}' for point in points.values())],
        ],
    )


def _label_table(analysis: ContextAnalysis) -> str:
    """Labels by falling gain of the context branch over the object branch."""
    labels = sorted(
        analysis.labels, key=lambda each: -each.AP['context - object'].value
    )
    names, differences = analysis.scores, analysis.differences
    rows = [
        [
            each.label,
            str(each.positives),
            *(f'{each.AP[name].value:.1f}' for name in names),
            *(_starred(each.AP[name]) for name in differences),
            *(f'{each.recall_at_precision[name].value:.1f}' for name in names),
        ]
        for each in labels
    ]
    heading = [
        *('label', 'images', *names, *differences),
        *(f'R {name}' for name in names),
    ]
    return _table(heading, rows)


def _companion_summary(analysis: ContextAnalysis) -> str:
    rows = []
    for name in ('recall', 'false_alarms'):
        figures = getattr(analysis, name)
        name, labels = name.replace('_', ' '), str(len(figures.pairs))
        rows += [
            [f'{name}, with companion', labels, *_cells(figures.beside)],
            [f'{name}, without', labels, *_cells(figures.without)],
            [f'{name}, difference', labels, *_cells(figures.difference, signed=True)],
        ]
    heading = ['mean', 'labels', *analysis.scores, *analysis.differences]
    return _table(heading, rows)


def _pair_table(figures: CompanionFigures, names: Sequence[str]) -> str:
    rows = [
        [
            pair.label,
            pair.companion,
            f'{pair.share:.0f} %',
            f'{pair.lift:.2f}',
            f'{pair.images[0]} / {pair.images[1]}',
            *('{:.1f} / {:.1f}'.format(*pair.rates[name]) for name in names),
        ]
        for pair in figures.pairs
    ]
    heading = ['label', 'companion', 'share', 'lift', 'images', *names]
    return _table(heading, rows, text_columns=2)


def _cells(comparison: Comparison, signed: bool = False) -> list[str]:
    """Figures with their intervals; differences, and all if ``signed``, with sign."""
    return [
        _with_interval(each, '+' if signed or ' - ' in name else '')
        for name, each in comparison.items()
    ]


def _with_interval(estimate: Estimate, sign: str) -> str:
    value, low, high = (
        f'{each:{sign}.1f}' for each in (estimate.value, estimate.low, estimate.high)
    )
    return '-' if isnan(estimate.value) else f'{value} ({low} to {high})'


def _starred(estimate: Estimate) -> str:
    star = '*' if estimate.low > 0 or estimate.high < 0 else ''
    return f'{estimate.value:+.1f}{star}'


def _table(
    heading: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1
) -> str:
    table = GithubFlavoredMarkdownTable([heading, *rows])
    table.justify_columns = dict.fromkeys(range(text_columns, len(heading)), 'right')
    return table.table
