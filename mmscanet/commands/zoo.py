"""``mmscanet zoo``: the models that have a name, and their checkpoints."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from mmscanet.engine.launch import one_line, report_usage_errors
from mmscanet.errors import UsageError
from mmscanet.zoo import ZooModel, download_checkpoint, find_model, list_models
from mmscanet.zoo.cache import find_file
from mmscanet.zoo.verify import models_here, models_of_file, verify_file, verify_model

STOPPED = 'stopped; the same command goes on where it was'


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(prog='mmscanet zoo', description='The model zoo.')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    commands.add_parser('list', help='name the models')
    info = commands.add_parser('info', help='say what is known of one model')
    info.add_argument('name')
    download = commands.add_parser('download', help='fetch a checkpoint')
    download.add_argument('name')
    download.add_argument(
        '--dest',
        metavar='FOLDER',
        help='put it there and not into the cache (MMSCANET_CACHE in the environment '
        'moves the cache)',
    )
    download.add_argument(
        '--source', metavar='PLACE', help='fetch it from another URL or file'
    )
    verify = commands.add_parser('verify', help='check checkpoints')
    verify.add_argument(
        'targets',
        nargs='*',
        metavar='NAME_OR_FILE',
        help='without one, all checkpoints of the zoo that are on this machine',
    )
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run the command; ``verify`` exits with status 1 if not all is well."""
    args = build_parser().parse_args(arguments)
    with report_usage_errors(STOPPED if args.command == 'download' else 'stopped'):
        if args.command == 'list':
            print_list()
        elif args.command == 'info':
            print_info(args.name)
        elif args.command == 'download':
            model = find_model(args.name)
            print(download_checkpoint(model, args.dest, args.source))
        else:
            sys.exit(0 if verify(args.targets) else 1)


def print_list() -> None:
    """Print a line for each model."""
    models = list(list_models())
    width = max(len(model.name) for model in models)
    for model in models:
        data = model.metadata.get('Training Data', '')
        print(f'{model.name:<{width}}  {describe_weights(model):<20}  {data}')


def describe_weights(model: ZooModel) -> str:
    """Say how large the checkpoint is and where it lies, its content unchecked."""
    if model.weights is None:
        return 'config only'
    path = find_file(model)
    if path is None:
        place = 'to download'
    else:
        place = 'shipped' if str(path) == model.weights else 'in the cache'
    return f'{format_size(model.size)}, {place}'


def format_size(size: int) -> str:
    """Return bytes in words, such as ``45.2MB``."""
    return tqdm.format_sizeof(size, 'B')


def print_info(name: str) -> None:
    """Print all that the metafile says of one model."""
    model = find_model(name)
    print(f'name: {model.name}')
    print(f'config: {model.config}')
    print(f'weights: {model.weights or "none published"}')
    if model.weights is not None:
        print(f'size: {model.size:,} bytes')
        print(f'sha256: {model.sha256}')
        print(f'file: {find_file(model) or "to download"}')
    for key, value in model.metadata.items():
        print(f'{key.lower()}: {value}')
    for result in model.results:
        figures = ', '.join(f'{k} {v}' for k, v in result.get('Metrics', {}).items())
        print(f'{result.get("Dataset", "result")}: {figures}')


def verify(targets: Sequence[str]) -> bool:
    """Print a line for each name or file, by default for each that is here.

    Returns:
        Whether all are well.
    """
    targets = targets or [model.name for model in models_here()]
    if not targets:
        print('no checkpoint of the zoo is on this machine', file=sys.stderr)
    well = True
    for target in targets:
        try:
            print(f'{target}: ok, {_verify_one(target)}')
        except UsageError as error:
            print(f'{target}: {one_line(error)}')
            well = False
    return well


def _verify_one(target: str) -> str:
    """Return what a file is, or where a model's file lies; raise its fault."""
    path = Path(target)
    if not path.is_file():
        if os.sep in target or path.suffix:
            raise UsageError('there is no such file')
        return str(verify_model(target))
    models = models_of_file(path)
    for model in models:
        verify_file(path, model)
    return ', '.join(model.name for model in models)
