"""Fit the labels' thresholds on the scores of validation images.

``tools/test.py --out scores.npz`` writes the scores. docs/thresholds.md says what is
fitted and how to use it.
"""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.runner import CheckpointLoader

from mmscanet.engine.launch import report_usage_errors
from mmscanet.engine.weights import check_checkpoint, stored_meta
from mmscanet.errors import DataError, UsageError, require_writable_file
from mmscanet.evaluation import (
    SCORE_KEYS,
    LabelThresholds,
    ScoreTable,
    cross_fit,
    fit_label_thresholds,
    format_fit,
    has_annotations,
    load_scores,
    measure_thresholds,
    sidecar_path,
)
from mmscanet.evaluation.functional import OBJECTIVES
from mmscanet.files import write_atomically


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('scores', help='score file (.npz) of tools/test.py --out')
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        '--checkpoint',
        metavar='FILE.pth',
        help='write beside this checkpoint, where predict looks: FILE.thresholds.json',
    )
    where.add_argument('--out', metavar='FILE.json', help='write this file')
    parser.add_argument(
        '--overwrite', action='store_true', help='replace thresholds that are there'
    )
    parser.add_argument(
        '--objective',
        choices=OBJECTIVES,
        default='f1',
        help='the highest F1, or a precision or recall of at least --target',
    )
    parser.add_argument('--target', type=float, help='wanted precision or recall')
    parser.add_argument(
        '--min-positives',
        type=int,
        default=10,
        help='labels with fewer positives take one threshold fitted on all labels',
    )
    parser.add_argument(
        '--score-key',
        choices=SCORE_KEYS,
        default='pred_score',
        help='fit on the fused score or on one branch alone',
    )
    parser.add_argument(
        '--keep-unlabelled',
        action='store_true',
        help='also fit on images on which nothing is annotated',
    )
    parser.add_argument(
        '--folds',
        type=int,
        default=5,
        help='parts of the images for the held-out figures',
    )
    parser.add_argument(
        '--resamples',
        type=int,
        default=0,
        help='for f1: average over this many resamples of the images, e.g. 50',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='of the folds and the resamples'
    )
    parser.add_argument(
        '--bins', type=int, default=15, help='bins of the expected calibration error'
    )
    parser.add_argument(
        '--json', metavar='FILE.json', help='also write all figures here'
    )
    return parser


def check_options(args: Namespace) -> Path:
    """Refuse wrong options before any work, and return where the thresholds go.

    Raises:
        UsageError: Names the option.
    """
    if (args.objective == 'f1') != (args.target is None):
        needs = 'takes no' if args.objective == 'f1' else 'needs a'
        raise UsageError(f'--objective {args.objective} {needs} --target')
    if args.target is not None and not 0 < args.target <= 1:
        raise UsageError(f'--target {args.target} is not above 0 and at most 1')
    if args.resamples and args.objective != 'f1':
        raise UsageError(f'--resamples is for f1, not for {args.objective}')
    least_values = dict(min_positives=1, folds=2, resamples=0, seed=0, bins=1)
    for name, least in least_values.items():
        if (value := getattr(args, name)) < least:
            option = name.replace('_', '-')
            raise UsageError(f'--{option} must be at least {least}, not {value}')
    if args.checkpoint is not None and '://' in args.checkpoint:
        raise UsageError(f'--checkpoint {args.checkpoint}: download it first')
    out = Path(args.out) if args.out is not None else sidecar_path(args.checkpoint)
    if args.checkpoint is not None:
        check_checkpoint(args.checkpoint)
    for path in (out, args.json):
        if path is not None:
            require_writable_file(path, '.json')
    if out.exists() and not args.overwrite:
        raise UsageError(f'{out} exists: --overwrite replaces it')
    if args.json is not None and Path(args.json).resolve() == out.resolve():
        raise UsageError(f'--json {args.json}: the thresholds themselves go there')
    return out


def images_to_fit_on(args: Namespace) -> ScoreTable:
    """Read the images to fit on.

    Raises:
        UsageError: The file cannot be read or lacks the wanted scores.
    """
    table = load_scores(args.scores)
    try:
        table.scores(args.score_key)
    except ValueError as error:
        raise UsageError(f'{args.scores}: {error}') from error
    if args.keep_unlabelled:
        return table
    return table.select(has_annotations(table.gt_score))


def check_checkpoint_classes(checkpoint: str, thresholds: LabelThresholds) -> None:
    """Refuse scores of other labels than the checkpoint's, if it says which it has.

    Raises:
        UsageError: Names labels that differ.
    """
    content = CheckpointLoader.load_checkpoint(checkpoint, 'cpu', logger='silent')
    meta = stored_meta(content)
    if 'classes' in meta:
        thresholds.check_classes(meta['classes'])


def as_json(
    measured: dict[str, dict[str, Any]], thresholds: LabelThresholds, args: Namespace
) -> str:
    """Write out all figures, label by label; null where there is none."""

    def number(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    labels = {
        label: dict(
            positives=int(thresholds.positives[row]),
            threshold=thresholds.values[row],
            fallback=label in thresholds.fallback,
            temperature=thresholds.temperature[row],
            ECE={key: number(v[row]) for key, v in measured['calibration'].items()},
            **{
                choice: {name: number(each[row]) for name, each in figures.items()}
                for choice, figures in measured['labels'].items()
            },
        )
        for row, label in enumerate(thresholds.classes)
    }
    options = ('score_key', 'objective', 'target', 'min_positives', 'resamples')
    options += ('folds', 'seed', 'bins')
    content = dict(
        scores=thresholds.scores,
        num_images=thresholds.num_images,
        **{name: getattr(args, name) for name in options},
        overall=measured['overall'],
        mean_ECE={k: number(np.nanmean(v)) for k, v in measured['calibration'].items()},
        labels=labels,
    )
    return json.dumps(content, indent=2, ensure_ascii=False) + '\n'


def fit(args: Namespace) -> None:
    """Fit, write and print.

    Raises:
        UsageError: An option or a file cannot be used.
        OutputError: A file cannot be written.
    """
    out = check_options(args)
    table = images_to_fit_on(args)
    options = dict(
        score_key=args.score_key,
        objective=args.objective,
        target=args.target,
        min_positives=args.min_positives,
        resamples=args.resamples,
    )
    try:
        thresholds = fit_label_thresholds(table, seed=args.seed, **options)
    except DataError as error:
        raise DataError(f'{args.scores}: {error}') from error
    thresholds = replace(thresholds, scores=Path(args.scores).name)
    if args.checkpoint is not None:
        check_checkpoint_classes(args.checkpoint, thresholds)
    thresholds.save(out)

    held_out = None
    try:
        held_out = cross_fit(table, folds=args.folds, seed=args.seed, **options)
    except DataError as error:
        print(f'no figures of images held out: {error}')
    measured = measure_thresholds(table, thresholds, held_out, args.bins)
    print(format_fit(measured, thresholds))
    print(f'images fitted on: {thresholds.num_images}; thresholds written to {out}')
    if (present := int(thresholds.positives.sum())) < args.min_positives:
        print(
            f'warning: these images have {present} labels in all, fewer than '
            f'--min-positives {args.min_positives}: thresholds and temperatures of so '
            'few are an accident'
        )
    if args.json is not None:
        write_atomically(args.json, as_json(measured, thresholds, args))


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        fit(args)


if __name__ == '__main__':
    main()
