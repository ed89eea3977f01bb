"""``mmscanet predict``: label pictures, and say why."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import cv2
import mmcv
import numpy as np
from tqdm import tqdm

from mmscanet.apis import ImageSource, SCANetInferencer, find_images
from mmscanet.engine.launch import KeyValueAction, report_usage_errors
from mmscanet.errors import UsageError, require_writable_folder
from mmscanet.evaluation.thresholds import read_threshold
from mmscanet.files import write_atomically
from mmscanet.visualization import ContactSheet

from .records import RecordFile, Screen, check_out, open_records, printable
from .settings import (
    describe_settings,
    drop_pictures_of_others,
    keep_settings,
    require_own_pictures,
)

SHEET = 'contact_sheet'
STOPPED = 'stopped; the same command with --resume goes on where it was'


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
        show_progress=not args.no_progress,
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
        if '://' in each.path or inside not in Path(each.path).resolve().parents
    ]
    if not kept:
        raise UsageError(
            f'--pictures {folder}: the pictures to be labelled lie in it; name another '
            'folder'
        )
    if len(kept) < len(sources):
        count = len(sources) - len(kept)
        print(f'left out: {count} pictures in {folder}', file=sys.stderr)
    return kept


def is_done(
    source: ImageSource, records: RecordFile | Screen, pictures: dict[str, Path]
) -> bool:
    """Tell whether an image has its entry and, if wanted, its picture."""
    drawn = not pictures or pictures[source.path].is_file()
    return drawn and source.path in records.done


def picture_paths(sources: Sequence[ImageSource], folder: Path) -> dict[str, Path]:
    """Return where the picture of each image goes: ``{path of the image: file}``.

    The folders below an input are kept. Equal names get a number.
    """
    paths: dict[str, Path] = {}
    taken: set[Path] = set()
    for source in sources:
        file = folder / source.name
        # A second suffix, so that a.png and a.jpg stay apart.
        if file.suffix.lower() not in ('.jpg', '.jpeg'):
            file = file.with_name(f'{file.name}.jpg')
        if file.name.startswith(SHEET):  # that name is for the pages
            file = file.with_name(f'picture_{file.name}')
        number, plain = 1, file
        while file in taken:
            number += 1
            file = plain.with_stem(f'{plain.stem}_{number}')
        taken.add(file)
        paths[source.path] = file
    return paths


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write an (H, W, 3) RGB picture.

    Raises:
        OutputError: It cannot be written.
    """
    _, jpeg = cv2.imencode('.jpg', mmcv.rgb2bgr(picture))
    write_atomically(path, jpeg.tobytes())


def write_contact_sheet(pictures: dict[str, Path], folder: Path) -> None:
    """Put the pictures that are there together on pages ``contact_sheet_NNN.jpg``."""
    with ContactSheet(folder / SHEET) as sheet:
        for source, path in pictures.items():
            if path.is_file():
                picture = mmcv.imread(str(path), channel_order='rgb')
                sheet.add(picture, printable(Path(source).name))


class Skipped(list):
    """The images that could not be read, told at once."""

    def __call__(self, name: str, reason: str) -> None:
        """Add one."""
        self.append(name)
        tqdm.write(f'skipped {printable(name)}: {printable(reason)}', file=sys.stderr)


def run(args: Namespace) -> int:
    """Label the pictures; return how many could not be read."""
    check_options(args)
    # A picture that is given twice is labelled once.
    sources = list({each.path: each for each in find_images(args.inputs)}.values())
    pictures: dict[str, Path] = {}
    if args.pictures:
        require_writable_folder(args.pictures)
        sources = leave_out(sources, Path(args.pictures))
        pictures = picture_paths(sources, Path(args.pictures))
        require_own_pictures(Path(args.pictures), pictures.values())
    inferencer = build_inferencer(args)
    thresholds = inferencer.thresholds(args.threshold)
    skipped = Skipped()
    # Only now, as --overwrite gives up what an earlier run did.
    if args.out and args.overwrite:
        Path(args.out).unlink(missing_ok=True)
    settings = describe_settings(inferencer, thresholds)
    if args.out:
        keep_settings(args.out, settings)
    if args.pictures:
        drop_pictures_of_others(Path(args.pictures), pictures.values(), settings)
    with open_records(args.out) as records:
        todo = [each for each in sources if not is_done(each, records, pictures)]
        for each in inferencer.stream(todo, args.batch_size, thresholds, skipped):
            if pictures:
                write_picture(inferencer.draw(each), pictures[each.source.path])
            # Last: what the file has is done.
            if each.source.path not in records.done:
                records.write(each.prediction)
    if args.contact_sheet:
        write_contact_sheet(pictures, Path(args.pictures))
    print(
        f'{len(todo) - len(skipped)} pictures labelled, {len(skipped)} skipped, '
        f'{len(sources) - len(todo)} done before',
        file=sys.stderr,
    )
    return len(skipped)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; the exit status is 1 if a picture was skipped."""
    args = build_parser().parse_args(arguments)
    with report_usage_errors(STOPPED):
        sys.exit(1 if run(args) else 0)
