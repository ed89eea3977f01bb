"""Write the weights of a checkpoint for others to use, and nothing else of it.

    python tools/misc/publish_model.py CONFIG CHECKPOINT [CHECKPOINT ...]

The file, NAME-<first 8 of its SHA-256>.pth with NAME the config's, has its weights in
half precision, the names of its labels and its config. docs/publishing.md tells what
to measure of it, and how --record puts it into the model zoo.
"""

import argparse
import hashlib
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mmengine.runner import CheckpointLoader

from mmscanet.comparison import (
    COMMAND,
    RECORD,
    EvaluationSplit,
    Published,
    load_published,
    save_published,
)
from mmscanet.engine.launch import load_config, report_usage_errors
from mmscanet.engine.publish import DTYPES, publish
from mmscanet.engine.weights import check_checkpoint
from mmscanet.errors import UsageError, require_writable_folder
from mmscanet.evaluation import ScoreTable, compute_figures
from mmscanet.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file that the weights are used with')
    parser.add_argument(
        'checkpoints',
        nargs='+',
        metavar='checkpoint',
        help='checkpoint of a training; of several trainings that started from the '
        'same weights, the mean of their weights is published',
    )
    parser.add_argument(
        '--out-dir',
        type=Path,
        default=Path('checkpoints'),
        metavar='DIR',
        help='folder to write into; checkpoints by default',
    )
    parser.add_argument(
        '--dtype',
        choices=DTYPES,
        default='float16',
        help='precision of the weights; float16 by default',
    )
    record = parser.add_argument_group(f'for {RECORD}')
    record.add_argument(
        '--record',
        nargs=2,
        metavar=('SCORES.npz', 'PUBLISHED_SCORES.npz'),
        help='enter the file there, with the figures of the score files that '
        'tools/test.py --out wrote of the checkpoint, or the mean of several in '
        'float32, and of the published file; the former may be -, not measured',
    )
    record.add_argument('--data', help='the images that the scores are of')
    record.add_argument('--command', help='the command that trained the checkpoint')
    record.add_argument(
        '--url', help='where others find the file; by default, in the repository'
    )
    return parser


def read_scores(args: Namespace) -> tuple[ScoreTable | None, ScoreTable]:
    """Read the score files of ``--record``, of the checkpoint and of what is published.

    That of the checkpoint may be ``-``.

    Raises:
        UsageError: One cannot be used, another option is missing, or the published
            file would be found nowhere.
    """
    for option in ('data', 'command'):
        if not getattr(args, option):
            raise UsageError(f'--record needs --{option}, see --help')
    if args.url is None and not args.out_dir.resolve().is_relative_to(ROOT):
        raise UsageError(
            f'{args.out_dir} is not below {ROOT}: choose another --out-dir, or give '
            '--url'
        )
    try:
        before, after = (
            None if scores == '-' else ScoreTable.load(scores) for scores in args.record
        )
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error)) from error
    if after is None:
        raise UsageError('--record needs the scores of the published file')
    split = EvaluationSplit.of_scores(after)
    if before is not None and EvaluationSplit.of_scores(before) != split:
        raise UsageError(f'{" and ".join(args.record)} are not of the same images')
    return before, after


def enter(
    args: Namespace, path: Path, before: ScoreTable | None, after: ScoreTable
) -> None:
    """Put the published file into the record, in the place of an earlier one."""
    content, figures = path.read_bytes(), compute_figures(after)
    mAP_before = None if before is None else round(compute_figures(before)['mAP'], 4)
    entry = Published(
        weights=args.url or path.resolve().relative_to(ROOT).as_posix(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        dtype=args.dtype,
        metrics={name: round(figures[name], 4) for name in ('mAP', 'CF1', 'OF1')},
        mAP_before=mAP_before,
        data=args.data,
        command=args.command,
    )
    record = ROOT / RECORD
    require_writable_folder(record.parent)
    save_published(record, {**load_published(record), Path(args.config).stem: entry})
    print(f'entered in {record}; now run {COMMAND}')


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        name = Path(args.config).stem
        tables = read_scores(args) if args.record else None
        cfg = load_config(args.config, needs=('model', 'test_dataloader'))
        for path in args.checkpoints:
            check_checkpoint(path)
        checkpoints = [
            CheckpointLoader.load_checkpoint(path, map_location='cpu', logger='silent')
            for path in args.checkpoints
        ]
        content = publish(cfg, checkpoints, name, DTYPES[args.dtype])
        sha256 = hashlib.sha256(content).hexdigest()
        require_writable_folder(args.out_dir)
        path = args.out_dir / f'{name}-{sha256[:8]}.pth'
        write_atomically(path, content)
        print(f'{path}\n{len(content)} bytes\nsha256 {sha256}')
        if tables is not None:
            enter(args, path, *tables)


if __name__ == '__main__':
    main()
