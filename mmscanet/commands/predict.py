"""``mmscanet predict``: label pictures, and say why."""

import os
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from mmscanet.apis import ImageSource, SCANetInferencer, find_images
from mmscanet.engine.launch import KeyValueAction, report_usage_errors
from mmscanet.errors import UsageError, require_writable_folder
from mmscanet.evaluation.thresholds import read_threshold
from mmscanet.lock import only_process
from mmscanet.terminal import printable

from .pictures import (
    is_drawn,
    mark_of,
    picture_paths,
    read_mark,
    write_contact_sheet,
    write_picture,
)
from .records import RecordFile, Screen, check_out, open_records
from .settings import Settings, describe_settings, keep_settings

STOPPED = 'stopped; the same command with --resume goes on where it was'
PATIENCE = 60  # seconds in which a server has to send something


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        prog='mmscanet predict', description='Label pictures, and say why.'
    )
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT', help='picture, URL, folder or pattern'
    )
    parser.add_argument('--weights', metavar='CHECKPOINT', help='file or URL')
    parser.add_argument(
        '--model',
        metavar='CONFIG',
        help='config file or name of the zoo; by default the one in the checkpoint',
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=KeyValueAction, metavar='KEY=VALUE',
        help='change settings of --model',
    )  # fmt: skip
    parser.add_argument(
        '--threshold',
        default='0.5',
        metavar='T',
        help='lowest score of a label; a file of tools/fit_thresholds.py; or '
        '"fitted", the one beside the checkpoint (default: 0.5)',
    )
    parser.add_argument(
        '--out', metavar='FILE', help='write results to FILE.jsonl or FILE.csv'
    )
    parser.add_argument(
        '--pictures', metavar='DIR', help='write pictures with the evidence drawn in'
    )
    parser.add_argument(
        '--contact-sheet',
        action='store_true',
        help='put the pictures together on pages, in the folder of --pictures',
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        '--resume', action='store_true', help='leave out what FILE already has'
    )
    again.add_argument(
        '--overwrite', action='store_true', help='begin FILE anew if it exists'
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='read each picture at three sizes: better, at about three times the work',
    )
    parser.add_argument('--batch-size', type=int, default=1, metavar='N')
    parser.add_argument('--device', help='cpu or cuda:0; a GPU if there is one')
    parser.add_argument('--no-progress', action='store_true', help='no progress bar')
    return parser


def check_options(args: Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: Names them.
    """
    for name in ('out', 'pictures'):
        if getattr(args, name) == '':  # as of a variable that is not set
            raise UsageError(f'--{name}: the name is empty')
    if (args.resume or args.overwrite) and not args.out:
        raise UsageError('--resume and --overwrite need a file, --out FILE')
    if args.threshold != 'fitted':
        read_threshold(args.threshold)
    if args.out:
        check_out(args.out, args.resume or args.overwrite)
    if args.contact_sheet and not args.pictures:
        raise UsageError('--contact-sheet needs --pictures DIR')
    if args.batch_size < 1:
        raise UsageError(f'--batch-size must be at least 1, not {args.batch_size}')
    if args.cfg_options and not args.model:
        raise UsageError('--cfg-options: name the config to change, --model CONFIG')


def build_inferencer(args: Namespace) -> SCANetInferencer:
    """Build the model that the options name.

    Raises:
        UsageError: It cannot be built from them.
    """
    return SCANetInferencer(
        args.model,
        args.weights,
        args.device,
        # In a file or a pipe it would run its lines together.
        show_progress=not args.no_progress and sys.stderr.isatty(),
        cfg_options=args.cfg_options,
        tta=args.tta,
    )


def leave_out(sources: list[ImageSource], folder: Path) -> list[ImageSource]:
    """Leave out what lies in the folder of the results, such as an earlier run's.

    So no run labels its own pictures or overwrites those that it is given.

    Raises:
        UsageError: Nothing is left.
    """
    inside = folder.resolve()
    kept = [
        each
        for each in sources
        # Not Path.resolve, which raises for a link that leads to itself.
        if '://' in each.path or inside not in Path(os.path.realpath(each.path)).parents
    ]
    if not kept:
        raise UsageError(
            f'--pictures {folder}: the pictures to be labelled lie in it; name another '
            'folder'
        )
    _tell_left_out(len(sources) - len(kept), f'pictures in {folder}')
    return kept


def leave_out_drawings(
    sources: list[ImageSource], named: Sequence[str]
) -> list[ImageSource]:
    """Leave out what other runs have drawn, in folders of theirs among the pictures.

    Args:
        sources: The pictures.
        named: What the user gave. A drawing that is named itself is meant.

    Raises:
        UsageError: Nothing is left.
    """
    meant = set(named)  # a shell may have named very many
    kept = [each for each in sources if each.path in meant or not is_drawn(each.path)]
    if not kept:
        raise UsageError(
            'all pictures there are drawings of earlier runs; to label one, name it'
        )
    _tell_left_out(len(sources) - len(kept), 'drawings of earlier runs')
    return kept


def _tell_left_out(count: int, what: str) -> None:
    if count:
        print(f'left out: {count} {what}', file=sys.stderr)


@contextmanager
def only_run(out: str | None) -> Iterator[None]:
    """Keep other runs from writing to the file of the results meanwhile.

    Raises:
        UsageError: Another run does so.
        OutputError: The file cannot be written.
    """

    def refuse() -> None:
        raise UsageError(
            f'another run is writing {out}: wait for its end, or name another file'
        )

    if out is None:
        yield
    else:
        with only_process(Path(out), refuse):
            yield


def is_done(
    image: str,
    records: RecordFile | Screen,
    pictures: dict[str, Path],
    settings: Settings,
) -> bool:
    """Tell whether an image has its entry and, if wanted, its picture."""
    if image not in records.done:
        return False
    return not pictures or read_mark(pictures[image]) == mark_of(image, settings)


class Skipped(list):
    """The images that could not be read, told at once."""

    def __call__(self, name: str, reason: str) -> None:
        """Add one."""
        self.append(name)
        tqdm.write(f'skipped {printable(name)}: {printable(reason)}', file=sys.stderr)


def run(args: Namespace) -> int:
    """Label the pictures; return how many could not be read."""
    # A picture that is given twice is labelled once.
    sources = list({each.path: each for each in find_images(args.inputs)}.values())
    sources = leave_out_drawings(sources, args.inputs)
    pictures: dict[str, Path] = {}
    if args.pictures:
        require_writable_folder(args.pictures)
        sources = leave_out(sources, Path(args.pictures))
        pictures = picture_paths(sources, Path(args.pictures))
    inferencer = build_inferencer(args)
    thresholds = inferencer.thresholds(args.threshold)
    skipped = Skipped()
    # Only now, as --overwrite gives up what an earlier run did.
    if args.out and args.overwrite:
        Path(args.out).unlink(missing_ok=True)
    settings = describe_settings(inferencer, thresholds)
    if args.out:
        keep_settings(args.out, settings)
    with open_records(args.out) as records:
        todo = [
            each
            for each in sources
            if not is_done(each.path, records, pictures, settings)
        ]
        for each in inferencer.stream(todo, args.batch_size, thresholds, skipped):
            image = each.source.path
            if pictures:
                mark = mark_of(image, settings)
                write_picture(inferencer.draw(each), pictures[image], mark)
            # Last: what the file has is done.
            if image not in records.done:
                records.write(each.prediction)
    if args.contact_sheet:
        for image in skipped:  # of which an earlier run may have left a picture
            del pictures[image]
        write_contact_sheet(pictures, Path(args.pictures))
    labelled = len(todo) - len(skipped)
    print(
        f'{labelled} picture{"s" * (labelled != 1)} labelled, {len(skipped)} skipped, '
        f'{len(sources) - len(todo)} done before',
        file=sys.stderr,
    )
    return len(skipped)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; the exit status is 1 if a picture was skipped."""
    args = build_parser().parse_args(arguments)
    with report_usage_errors(STOPPED if args.out else 'stopped'):
        check_options(args)
        # mmengine, which fetches pictures, would wait for ever.
        socket.setdefaulttimeout(PATIENCE)
        with only_run(args.out):
            skipped = run(args)
        sys.exit(1 if skipped else 0)
