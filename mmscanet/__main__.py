"""The command line: ``python -m mmscanet COMMAND``, or ``mmscanet COMMAND``."""

import runpy
import sys
from argparse import ArgumentParser
from pathlib import Path

from mmscanet.version import __version__

# Commands that are scripts of the repository's tools/, too.
TOOLS = {
    'train': ('train', 'train a model'),
    'test': ('test', 'measure a trained model'),
    'env': ('check_env', 'say what this machine has and what is missing'),
}
PACKAGE = Path(__file__).resolve().parent


def build_parser() -> ArgumentParser:
    """Return the parser of the first word; the rest is the command's own."""
    parser = ArgumentParser(prog='mmscanet', description='Image labels with evidence.')
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)
    commands.add_parser('predict', help='label pictures', add_help=False)
    commands.add_parser('zoo', help='list, fetch and check models', add_help=False)
    for name, (_, text) in TOOLS.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def run_tool(name: str, arguments: list[str]) -> None:
    """Run a script of ``tools/`` as if it had been called itself."""
    # In a clone beside the package, in an installed package in its .mim.
    folders = (PACKAGE.parent / 'tools', PACKAGE / '.mim' / 'tools')
    script = next(each for each in folders if each.is_dir()) / f'{name}.py'
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name='__main__')


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = build_parser().parse_args(arguments[:1]).command
    if command in TOOLS:
        run_tool(TOOLS[command][0], arguments[1:])
    elif command == 'predict':
        from mmscanet.commands import predict

        predict.main(arguments[1:])
    else:
        from mmscanet.commands import zoo

        zoo.main(arguments[1:])


if __name__ == '__main__':
    main()
