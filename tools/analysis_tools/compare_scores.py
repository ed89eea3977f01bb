"""Compare models by their score files, image by image: what differs, and how surely.

The first file is the model that the others are held against. Brackets hold the 90 %
interval of the difference over draws of images, the same draws for both models. A star
marks an interval that leaves out 0. The seed of a training moves figures too, and that
is not in the interval.
"""

from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import UsageError, require_writable_file
from mmscanet.evaluation import (
    SCORE_KEYS,
    PairedComparison,
    PairedFigures,
    compare_paired,
    load_scores,
)
from mmscanet.evaluation.report import draw_table
from mmscanet.files import write_json


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('reference', help='score file (.npz) of tools/test.py --out')
    parser.add_argument('others', nargs='+', help='those to hold against it')
    parser.add_argument(
        '--score-key',
        choices=SCORE_KEYS,
        default='pred_score',
        help='compare the fused score or one branch alone',
    )
    parser.add_argument(
        '--ids',
        type=Path,
        metavar='FILE',
        help='measure only the images that this file lists, one id a line',
    )
    parser.add_argument(
        '--classwise',
        action='store_true',
        help='also print and write the labels one by one',
    )
    parser.add_argument('--draws', type=int, default=1000, help='of the bootstrap')
    parser.add_argument('--seed', type=int, default=0, help='of the draws')
    parser.add_argument('--json', type=Path, help='also write the figures here')
    args = parser.parse_args()
    for name, lowest in (('draws', 1), ('seed', 0)):
        if (value := getattr(args, name)) < lowest:
            parser.error(f'--{name} must be at least {lowest}, not {value}')
    return args


def compare(args: Namespace) -> None:
    """Print the comparisons, and write them if asked to.

    Raises:
        UsageError: A file cannot be read, lacks the score, or is of other images.
        OutputError: The figures cannot be written.
    """
    if args.json is not None:
        require_writable_file(args.json, '.json')
    options = dict(score_key=args.score_key, draws=args.draws, seed=args.seed)
    reference = load_scores(args.reference, args.ids)
    # All are read first: the last file that is not there is told at once.
    others = {path: load_scores(path, args.ids) for path in args.others}
    found = {}
    for path, other in others.items():
        try:
            found[path] = compare_paired(reference, other, **options)
        except ValueError as error:
            raise UsageError(f'{args.reference} and {path}: {error}') from error
        print(f'{path}\nagainst {args.reference}, {found[path].images} images')
        print(format_comparison(found[path], classwise=args.classwise))
    if args.json is not None:
        figures = {path: asdict(comparison) for path, comparison in found.items()}
        if not args.classwise:
            for each in figures.values():
                del each['labels']
        write_json(args.json, figures)


def format_comparison(comparison: PairedComparison, *, classwise: bool) -> str:
    """Lay out mAP by size of object and, if asked for, labels by falling difference."""
    heading = ['labels', 'reference', 'other', 'difference']
    sections = [
        [
            ['largest instance', *heading],
            *([name, *cells(each)] for name, each in comparison.groups.items()),
        ]
    ]
    if classwise:
        labels = sorted(
            comparison.labels.items(), key=lambda item: -item[1].difference.value
        )
        sections.append(
            [['AP of', *heading], *([name, *cells(each)] for name, each in labels)]
        )
    return draw_table(sections)


def cells(figures: PairedFigures) -> list[str]:
    """One row."""
    difference = figures.difference
    star = '*' if difference.low > 0 or difference.high < 0 else ' '
    interval = f'({difference.low:+.1f} to {difference.high:+.1f})'
    return [
        str(figures.positives),
        f'{figures.reference.value:.1f}',
        f'{figures.other.value:.1f}',
        f'{difference.value:+.1f} {interval}{star}',
    ]


def main() -> None:
    """Run the command."""
    args = parse_args()
    with report_usage_errors():
        compare(args)


if __name__ == '__main__':
    main()
