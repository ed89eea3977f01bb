"""Plot values of training logs, or tell how long iterations took."""

import json
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
import numpy as np

from mmscanet.engine.launch import report_usage_errors
from mmscanet.errors import UsageError, require_writable_file

Records = list[dict[str, float]]


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


def find_log(path: str) -> Path:
    """Return the file of scalars of a run; of a working folder, that of its last run.

    Raises:
        UsageError: There is none.
    """
    log = Path(path)
    if log.is_file():
        return log
    # mmengine names runs by their starting time, and so are they sorted.
    found = sorted(
        each
        for each in log.rglob('vis_data/*.json')
        if each.name == 'scalars.json' or re.fullmatch(r'\d{8}_\d{6}\.json', each.name)
    )
    if not found:
        raise UsageError(f'{path}: no vis_data/scalars.json in it; is it a run?')
    last_run = found[-1].parent
    scalars = last_run / 'scalars.json'
    return scalars if scalars.exists() else found[-1]


def load_log(path: Path) -> Records:
    """Read a file of one JSON object a line.

    A last line that a killed run has left unfinished is passed over.

    Raises:
        UsageError: Another line is not JSON, or nothing is there.
    """
    records: Records = []
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise UsageError(f'{path}, line {number}: {error}') from error
    if not records:
        raise UsageError(f'{path}: no values have been logged yet')
    return records


def values(records: Records, key: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and values of one key.

    A training value's step is its iteration, a validation value's its epoch.

    Raises:
        UsageError: Lists the keys that the log has.
    """
    having = [each for each in records if key in each]
    if not having:
        known = sorted({name for each in records for name in each})
        raise UsageError(f'{path}: no "{key}"; it has {", ".join(known)}')
    steps = np.array([each['step'] for each in having])
    return steps, np.array([each[key] for each in having], dtype=float)


def plot(args: Namespace) -> None:
    """Draw one panel a key and one line a log."""
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
