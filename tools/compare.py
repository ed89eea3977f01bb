"""Train and measure several methods alike; write one table of them.

``python tools/compare.py`` compares SCANet, SCANet+ and all peers on ContextShapes.
Runs that are done are not done again, so that the same command goes on after a stop.
"""

import argparse
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmscanet.comparison import (
    ConfigName,
    Protocol,
    Results,
    Run,
    RunFailed,
    check_same,
    draw_plot,
    find_configs,
    find_overlaps,
    format_markdown,
)
from mmscanet.engine.launch import (
    KeyValueAction,
    load_config,
    not_negative,
    report_usage_errors,
)
from mmscanet.errors import UsageError, require_writable_folder
from mmscanet.files import write_atomically
from mmscanet.lock import only_process

TOOLS = Path(__file__).resolve().parent
NEEDS = (
    *('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'),
    *('test_dataloader', 'test_evaluator', 'test_cfg'),
)
STOPPED = 'stopped; what is done is kept, and the same command goes on from there'


class PassOnAction(KeyValueAction):
    """``KEY=VALUE`` pairs, of which ``passed_on`` keeps the words as they came."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Read the pairs and keep the words."""
        super().__call__(parser, namespace, values, option_string)
        namespace.passed_on = [*namespace.passed_on, *values]


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'configs',
        nargs='*',
        type=Path,
        help='config files of one data set and backbone; without them, those of '
        'SCANet, SCANet+ and all projects at --backbone and --dataset',
    )
    parser.add_argument(
        '--backbone', help="as in the configs' names; r18 if no config is named"
    )
    parser.add_argument(
        '--dataset', help="as in the configs' names; shapes if no config is named"
    )
    parser.add_argument('--seeds', type=not_negative, nargs='+', default=[0, 1, 2])
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/compare'),
        metavar='DIR',
        help='folder of the runs',
    )
    parser.add_argument(
        '--out-dir',
        type=Path,
        default=Path('results'),
        metavar='DIR',
        help='folder of the tables <dataset>-<backbone>.csv, .json, .md and .png',
    )
    parser.add_argument('--data-root', metavar='DIR', help='folder of the data')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=PassOnAction,
        metavar='KEY=VALUE',
        help='change settings of all configs alike, e.g. train_cfg.max_epochs=1',
    )
    parser.set_defaults(passed_on=[])
    return parser


def plan(args: Namespace) -> list[Run]:
    """Read and check all configs; return the runs, all methods of a seed together.

    Raises:
        UsageError: A config cannot be used, or two cannot stand in one table.
    """
    root = TOOLS.parent
    configs = args.configs or find_configs(
        root, args.backbone or 'r18', args.dataset or 'shapes'
    )
    if len({path.stem for path in configs}) < len(configs):
        raise UsageError('two configs have the same name: rows are known by it')
    cfgs = {path: read_config(path, args) for path in configs}
    names = {
        path: ConfigName.parse(path, args.backbone, args.dataset) for path in configs
    }
    tables = sorted({f'{name.dataset}-{name.backbone}' for name in names.values()})
    if len(tables) > 1:
        raise UsageError(
            f'the configs are of {", ".join(tables)}, and a table is of one'
        )
    protocols = {path: Protocol.of_config(cfg, path) for path, cfg in cfgs.items()}
    check_same({str(path): protocol for path, protocol in protocols.items()})
    options = ['--data-root', args.data_root] if args.data_root else []
    options += ['--cfg-options', *args.passed_on] if args.passed_on else []
    return [
        Run(
            config=path,
            cfg=cfgs[path],
            name=names[path],
            seed=seed,
            protocol=protocols[path],
            options=tuple(options),
            work_dir=args.work_dir,
            tools=TOOLS,
        )
        for seed in dict.fromkeys(args.seeds)
        for path in configs
    ]


def read_config(path: Path, args: Namespace) -> Config:
    """Read a config that can be trained and whose test gives a score file.

    Raises:
        UsageError: It is not one.
    """
    cfg = load_config(str(path), args.cfg_options, args.data_root, NEEDS)
    evaluators = cfg.test_evaluator
    evaluators = [evaluators] if isinstance(evaluators, dict) else evaluators
    if sum(each['type'] == 'MultiLabelMetric' for each in evaluators) != 1:
        raise UsageError(f'{path}: test_evaluator has not exactly one MultiLabelMetric')
    return cfg


def write(results: Results) -> None:
    """Write all files of a table, with the rows that others wrote meanwhile."""
    with only_process(results.path):
        for old, new in results.take_up():
            differs = old['recipe'] != new['recipe']
            print(
                f'{new["config"]}, seed {new["seed"]}: the row of run {new["run"]} '
                f'takes the place of that of run {old["run"]}, '
                f'{"of another training recipe, " * differs}in {results.path}',
                flush=True,
            )
        results.save()
        text, picture = format_markdown(results), draw_plot(results)
        write_atomically(results.path.with_suffix('.md'), text)
        write_atomically(results.path.with_suffix('.png'), picture)


def compare(
    runs: list[Run], results: Results, read: Callable[[Path], Config]
) -> list[str]:
    """Do the runs that are left, one after the other; write the table after each.

    Args:
        runs: As planned.
        results: Where their rows go.
        read: Reads a config as it was read for the plan.

    Returns:
        A line for each run that failed.
    """
    failures = []
    try:
        for number, run in enumerate(runs, 1):
            label = f'{run.config.stem}, seed {run.seed}'
            is_done = run.is_done
            done = ', done before' if is_done else ''
            print(f'[{number}/{len(runs)}] {label}{done}', flush=True)
            try:
                if not is_done:
                    # Training reads the file anew.
                    if read(run.config).to_dict() != run.cfg.to_dict():
                        raise RunFailed(
                            'its config has changed since this comparison began; '
                            'start it again'
                        )
                    run.execute()
                results.add(run.row())
                if not is_done:
                    write(results)
            except (RunFailed, UsageError) as error:
                failures.append(f'failed: {label}: {error}')
                print(failures[-1], file=sys.stderr, flush=True)
    finally:
        # Rows of runs that were done before, and also at a stop.
        if results.unsaved:
            write(results)
    return failures


def main() -> int:
    """Run the command; return the exit status."""
    args = build_parser().parse_args()
    # As Ctrl-C: else the training would go on by itself.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with report_usage_errors(STOPPED):
        require_writable_folder(args.work_dir)
        require_writable_folder(args.out_dir)
        runs = plan(args)
        name = runs[0].name
        results = Results.load(args.out_dir / f'{name.dataset}-{name.backbone}.csv')
        if results.protocol is not None:
            check_same(
                {str(results.path): results.protocol, 'these runs': runs[0].protocol}
            )
        for run in runs:
            for overlap in find_overlaps(run.cfg) if run.seed == runs[0].seed else ():
                print(f'warning: {run.config}: {overlap}', file=sys.stderr)
        failures = compare(runs, results, lambda path: read_config(path, args))
        if results.rows:
            print(format_markdown(results))
            print(f'written: {results.path}, .json, .md and .png')
        for failure in failures:
            print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
