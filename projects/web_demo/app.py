"""Serve a web page that labels pictures and shows the evidence for each label."""

import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from mmscanet.apis import SCANetInferencer
from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import UsageError


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='its trained weights')
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on; by default this machine only. The page asks for '
        'no password: open it to a network that you trust',
    )
    parser.add_argument('--port', type=port, default=7860)
    parser.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1, ...')
    parser.add_argument(
        '--threshold',
        default='0.5',
        metavar='T',
        help='where the slider starts; a file of tools/fit_thresholds.py, with a '
        'threshold for each label; or "fitted", the one beside the checkpoint',
    )
    parser.add_argument(
        '--max-mb',
        type=positive,
        default=10,
        metavar='MB',
        help='largest file accepted, in millions of bytes',
    )
    parser.add_argument(
        '--max-megapixels',
        type=positive,
        default=40,
        metavar='MP',
        help='largest picture accepted, in millions of pixels',
    )
    return parser


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f'{text} is no port number (1 to 65535)')
    return int(text)


def positive(text: str) -> float:
    """Read a number above 0."""
    try:
        value = float(text)
    except ValueError as error:
        raise ArgumentTypeError(f'{text} is no number') from error
    if not 0 < value < float('inf'):
        raise ArgumentTypeError(f'{text} is not above 0')
    return value


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors(), TemporaryDirectory(prefix='web-demo-') as folder:
        if find_spec('gradio') is None:
            raise UsageError(
                'Gradio is not installed: run "pip install -r requirements/demo.txt"'
            )
        # Read by Gradio when it is imported. In a folder of our own, uploads are out
        # of sight of other users of the machine and gone when the server stops.
        os.environ.update(GRADIO_TEMP_DIR=folder, GRADIO_ANALYTICS_ENABLED='False')
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        from web_demo.page import EvidencePage
        from web_demo.pictures import Limits
        from web_demo.server import require_free_port, serve

        require_free_port(args.host, args.port)
        inferencer = SCANetInferencer(
            args.config, args.checkpoint, device=args.device, show_progress=False
        )
        page = EvidencePage(
            inferencer,
            inferencer.thresholds(args.threshold),
            Limits(args.max_mb, args.max_megapixels),
        )
        serve(page, args.host, args.port)


if __name__ == '__main__':
    main()
