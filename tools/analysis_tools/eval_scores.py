"""Evaluate a score file again, without the model and the images.

``tools/test.py --out scores.npz`` writes the file. With the same options the
figures equal those the run printed.
"""

import argparse
from pathlib import Path

from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import UsageError, require_writable_file
from mmscanet.evaluation import (
    SCORE_KEYS,
    LabelThresholds,
    MultiLabelMetric,
    compute_figures,
    compute_label_figures,
    format_figures,
    format_label_figures,
    labels_without_positives,
    load_scores,
    read_threshold,
)
from mmscanet.files import write_json


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('scores', help='score file (.npz) of tools/test.py --out')
    parser.add_argument(
        '--score-key',
        choices=SCORE_KEYS,
        default='pred_score',
        help='measure the fused score or one branch alone',
    )
    parser.add_argument(
        '--thr',
        default=0.5,
        metavar='NUMBER|FILE',
        help='lowest score predicted: a number, or a file of tools/fit_thresholds.py',
    )
    parser.add_argument(
        '--ids',
        type=Path,
        metavar='FILE',
        help='measure only the images that this file lists, one id a line',
    )
    parser.add_argument('--topk', type=int, default=3, help='predictions for an image')
    parser.add_argument(
        '--keep-unlabelled',
        action='store_true',
        help='also measure images on which nothing is annotated',
    )
    parser.add_argument(
        '--classwise', action='store_true', help='also print a row for each label'
    )
    parser.add_argument('--json', type=Path, help='also write the figures here')
    args = parser.parse_args()
    if args.topk < 1:
        parser.error(f'--topk must be at least 1, not {args.topk}')
    return args


def evaluate(args: argparse.Namespace) -> None:
    """Print the figures of one score file, and write them if asked to.

    Raises:
        UsageError: A file cannot be read, or lacks what is to be measured, or the
            thresholds are of other labels.
        OutputError: The figures cannot be written.
    """
    if args.json is not None:
        require_writable_file(args.json, '.json')
    thr = read_threshold(args.thr)
    table = load_scores(args.scores, args.ids)
    thr = LabelThresholds.resolve(thr, table.classes, args.score_key)
    options = dict(
        score_key=args.score_key,
        thr=thr.values,
        skip_unlabelled=not args.keep_unlabelled,
    )
    try:
        figures = compute_figures(table, topk=args.topk, **options)
    except ValueError as error:
        raise UsageError(f'{args.scores}: {error}') from error

    if absent := labels_without_positives(table):
        print(f'no image has these labels, the means omit them: {absent}')
    if args.classwise:
        label_figures = compute_label_figures(table, **options)
        print(format_label_figures(label_figures, table.classes))
    print(format_figures(figures, score_key=args.score_key, thr=thr, topk=args.topk))
    if args.json is not None:
        prefix = MultiLabelMetric.default_prefix
        named = {f'{prefix}/{name}': value for name, value in figures.items()}
        write_json(args.json, named)


def main() -> None:
    """Run the command."""
    args = parse_args()
    with report_usage_errors():
        evaluate(args)


if __name__ == '__main__':
    main()
