"""Plot values of training logs, or tell how long iterations took."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backend_bases import FigureCanvasBase

from mmscanet.engine.launch import report_usage_errors
from mmscanet.engine.run_log import find_log, load_log, values
from mmscanet.errors import (
    UsageError,
    explain_failed_output,
    require_writable_file,
)


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='command', required=True)
    plot = commands.add_parser('plot', help='draw values against iterations or epochs')
    times = commands.add_parser('times', help='average seconds of an iteration')
    for command in (plot, times):
        command.add_argument(
            'logs', nargs='+', help='a working folder, a run in it, or a .json log'
        )
    plot.add_argument(
        '--keys', nargs='+', default=['loss'], help='e.g. loss multi-label/mAP'
    )
    plot.add_argument('--legend', nargs='+', help='a name for each log')
    plot.add_argument('--title', default='')
    plot.add_argument('--out', default='curves.png', help='picture to write')
    return parser


def plot(args: Namespace) -> None:
    """Draw one panel a key and one line a log."""
    kind = Path(args.out).suffix.removeprefix('.').lower()
    if kind not in FigureCanvasBase.get_supported_filetypes():
        raise UsageError(f'--out {args.out}: the name must end in .png, .pdf or .svg')
    require_writable_file(args.out)
    logs = [find_log(log) for log in args.logs]
    names = args.legend or [str(log) for log in args.logs]
    if len(names) != len(logs):
        raise UsageError(f'--legend: {len(names)} names for {len(logs)} logs')
    figure, axes = plt.subplots(
        1, len(args.keys), figsize=(6 * len(args.keys), 4), squeeze=False
    )
    for log, name in zip(logs, names, strict=True):
        records = load_log(log)
        for key, axis in zip(args.keys, axes[0], strict=True):
            steps, series = values(records, key, log)
            axis.plot(steps, series, label=name, marker='.')
            validated = not any(key in each and 'iter' in each for each in records)
            axis.set(xlabel='epoch' if validated else 'iteration', ylabel=key)
            axis.legend()
    figure.suptitle(args.title)
    figure.tight_layout()
    with explain_failed_output(args.out):
        figure.savefig(args.out)
    plt.close(figure)
    print(f'written: {args.out}')


def times(args: Namespace) -> None:
    """Print the time of an iteration for each log: mean, spread, epochs' range."""
    for given in args.logs:
        log = find_log(given)
        # Validations log a time too; only training has a loss.
        records = [each for each in load_log(log) if 'loss' in each]
        _, seconds = values(records or load_log(log), 'time', log)
        line = f'{given}: {seconds.mean():.4f} s an iteration, std {seconds.std():.4f}'
        by_epoch: dict[float, list[float]] = {}
        for each in records:
            by_epoch.setdefault(each.get('epoch', 0), []).append(each['time'])
        means = {epoch: np.mean(each) for epoch, each in by_epoch.items()}
        if len(means) > 1:
            slow, fast = max(means, key=means.get), min(means, key=means.get)
            line += f'; slowest epoch {slow} ({means[slow]:.4f} s)'
            line += f', fastest epoch {fast} ({means[fast]:.4f} s)'
        print(line)


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        plot(args) if args.command == 'plot' else times(args)


if __name__ == '__main__':
    main()
