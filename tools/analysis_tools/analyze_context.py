"""Show what context does: compare the branches of a SCANet and their fusion.

Reads a score file of ``tools/test.py --out``; ``docs/context_analysis.md`` says what
the figures mean. Writes ``context_analysis.md`` (tables, printed too),
``context_analysis.json`` and plots.
"""

import dataclasses
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import (
    UsageError,
    explain_failed_output,
    require_writable_file,
    require_writable_folder,
)
from mmscanet.evaluation import load_scores, read_threshold
from mmscanet.evaluation.context_analysis import (
    CompanionFigures,
    ContextAnalysis,
    analyze_context,
    format_analysis,
)
from mmscanet.files import write_atomically, write_json

# Colours of Okabe and Ito's palette and black; shapes tell them apart in grey.
STYLES = dict(
    object=dict(color='#0072B2', marker='o'),
    context=dict(color='#D55E00', marker='s'),
    scene=dict(color='#009E73', marker='^'),
    fusion=dict(color='black', marker='D'),
)
OPTIONS = ('precision', 'thr', 'min_count', 'min_lift', 'draws', 'seed')


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('scores', help='score file (.npz) of tools/test.py --out')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder to write')
    parser.add_argument(
        '--precision',
        type=float,
        default=0.9,
        help='at which the recall of each label is read',
    )
    parser.add_argument(
        '--thr',
        default='0.5',
        help='threshold of the fusion, a number or a thresholds file; '
        'all scores are compared at its precision there',
    )
    parser.add_argument(
        '--min-count',
        type=int,
        default=10,
        help='fewest images with, and without, a companion',
    )
    parser.add_argument(
        '--min-lift',
        type=float,
        default=1.25,
        help='how much more often than by chance a companion comes along',
    )
    parser.add_argument(
        '--draws', type=int, default=200, help='draws of images for the intervals'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    args = parser.parse_args()
    if not 0 < args.precision <= 1:
        parser.error(f'--precision must be in (0, 1], not {args.precision:g}')
    if not args.min_lift >= 0:
        parser.error(f'--min-lift must not be negative, not {args.min_lift:g}')
    for name, lowest in (('min_count', 1), ('draws', 1), ('seed', 0)):
        if (value := getattr(args, name)) < lowest:
            option = name.replace('_', '-')
            parser.error(f'--{option} must be at least {lowest}, not {value}')
    return args


def plot_sizes(analysis: ContextAnalysis) -> Figure:
    """Draw mAP by size of object, and its differences, with intervals."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout='constrained')
    groups = analysis.groups
    for axis, names in zip(axes, (analysis.scores, analysis.differences), strict=True):
        for offset, name in zip(_offsets(names, 0.15), names, strict=True):
            estimates = [group.mAP[name] for group in groups.values()]
            value, low, high = np.array(
                [dataclasses.astuple(each) for each in estimates]
            ).T
            # A figure need not lie in its interval; errorbar refuses negative lengths.
            errors = np.maximum([value - low, high - value], 0)
            places = np.arange(len(groups)) + offset
            style = STYLES[name.split(' - ')[0]]
            axis.errorbar(places, value, errors, ls='', capsize=3, **style)
        axis.set_xticks(
            range(len(groups)),
            [f'{name}\n({group.positives} labels)' for name, group in groups.items()],
            fontsize=8,
        )
        axis.grid(axis='y', alpha=0.3)
    axes[0].set(ylabel='mAP, %')
    axes[1].set(ylabel='mAP - mAP of object, %')
    axes[1].axhline(0, color='0.5', lw=1)
    figure.suptitle('mAP by size of the largest instance')
    _add_legend(figure, analysis)
    return figure


def plot_labels(analysis: ContextAnalysis) -> Figure:
    """Draw the AP of each label, sorted by what context gains over the object."""
    gain = 'context - object'
    labels = sorted(analysis.labels, key=lambda each: -each.AP[gain].value)
    figure, axis = plt.subplots(
        figsize=(6, 1.4 + 0.22 * len(labels)), layout='constrained'
    )
    for row, each in enumerate(labels):
        ends = [each.AP[name].value for name in ('object', 'context')]
        axis.plot(ends, [row, row], color='0.7', zorder=1)
    # The later ones are smaller, so that equal figures do not hide each other.
    sizes = np.linspace(45, 8, len(analysis.scores))
    for size, name in zip(sizes, analysis.scores, strict=True):
        values = [each.AP[name].value for each in labels]
        axis.scatter(values, range(len(labels)), size, **STYLES[name])
    _name_rows(axis, [each.label for each in labels])
    axis.set(xlabel='AP, %', title=f'AP by label, sorted by {gain}')
    _add_legend(figure, analysis)
    return figure


def plot_companions(analysis: ContextAnalysis) -> Figure:
    """Draw recalls and false alarm rates with and without the usual companion."""
    parts = {
        'recall, %': analysis.recall,
        'false alarm rate, %': analysis.false_alarms,
    }
    rows = max(len(part.pairs) for part in parts.values())
    figure, axes = plt.subplots(1, 2, figsize=(9, 2 + 0.5 * rows), layout='constrained')
    for axis, (title, part) in zip(axes, parts.items(), strict=True):
        _draw_pairs(axis, part, analysis.scores)
        axis.set_xlabel(title)
    # False alarms are few: their axis fits them.
    axes[0].set_xlim(-3, 103)
    figure.suptitle(
        'With the companion (filled) and without (hollow), at equal precision'
    )
    _add_legend(figure, analysis)
    return figure


def _draw_pairs(axis: Axes, figures: CompanionFigures, names: Sequence[str]) -> None:
    """Draw a line a score and pair from the rate without to that with companion."""
    for row, pair in enumerate(figures.pairs):
        for offset, name in zip(_offsets(names, 0.22), names, strict=True):
            height, style = row + offset, STYLES[name]
            beside, without = pair.rates[name]
            axis.plot([beside, without], [height, height], color=style['color'], lw=1)
            axis.plot(beside, height, ms=5, **style)
            axis.plot(without, height, ms=5, mfc='white', **style)
    _name_rows(axis, [f'{pair.label}\n({pair.companion})' for pair in figures.pairs])


def _offsets(names: Sequence[str], step: float) -> np.ndarray:
    """Places side by side, about 0, for the scores of these names."""
    return step * (np.arange(len(names)) - (len(names) - 1) / 2)


def _name_rows(axis: Axes, names: Sequence[str]) -> None:
    """Name the rows 0, 1, ... of a plot, the first one on top."""
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axis.grid(axis='x', alpha=0.3)


def _add_legend(figure: Figure, analysis: ContextAnalysis) -> None:
    """Tell the scores apart, below the plot."""
    handles = [
        Line2D([], [], ls='', label=name, **STYLES[name]) for name in analysis.scores
    ]
    figure.legend(handles=handles, loc='outside lower center', ncols=len(handles))


PLOTS = {
    'map_by_size.png': plot_sizes,
    'ap_by_label.png': plot_labels,
    'companions.png': plot_companions,
}


def run(args: Namespace) -> None:
    """Analyse a score file, print the tables, and write tables, JSON and plots.

    Raises:
        UsageError: The file cannot be read or lacks a branch.
        OutputError: The results cannot be written.
    """
    require_writable_folder(args.out_dir)
    texts = [args.out_dir / f'context_analysis.{suffix}' for suffix in ('md', 'json')]
    for path in (*texts, *(args.out_dir / name for name in PLOTS)):
        require_writable_file(path)
    options = {name: getattr(args, name) for name in OPTIONS}
    thr = read_threshold(args.thr)
    table = load_scores(args.scores)
    try:
        analysis = analyze_context(table, **{**options, 'thr': thr})
    except ValueError as error:
        raise UsageError(f'{args.scores}: {error}') from error

    text = format_analysis(analysis, precision=args.precision, thr=args.thr)
    print(text)
    write_atomically(texts[0], text)
    content = dict(scores=str(args.scores), options=options)
    write_json(texts[1], content | dataclasses.asdict(analysis))
    for name, plot in PLOTS.items():
        figure = plot(analysis)
        with explain_failed_output(args.out_dir / name):
            figure.savefig(args.out_dir / name, dpi=100)
        plt.close(figure)
    print(
        f'written: {", ".join([*(path.name for path in texts), *PLOTS])}'
        f' in {args.out_dir}'
    )


def main() -> None:
    """Run the command."""
    args = parse_args()
    with report_usage_errors():
        run(args)


if __name__ == '__main__':
    main()
