"""Time the methods of a comparison in turn, in one process, on the same random images.

What counts are the ratios: times of runs that were made one after the other also tell
what else the machine had to do. The first method is the one that others are compared
with; without configs it is SCANet, and SCANet+ and all peers follow. A second table
has images a second, and how much of the device's rate of matrix products they take.
"""

from argparse import (
    ArgumentParser,
    BooleanOptionalAction,
    RawDescriptionHelpFormatter,
)
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from mmengine.config import Config

from mmscanet.comparison import ConfigName, find_configs
from mmscanet.comparison.machine import machine
from mmscanet.engine.feature_cache import FeatureCache
from mmscanet.engine.launch import (
    add_shape_argument,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import (
    Setting,
    build_for,
    compile_layers,
    count_flops,
    count_labels,
    make_tasks,
    random_batch,
)
from mmscanet.engine.timing import (
    Times,
    matrix_rate,
    ratio_table,
    time_alternating,
)
from mmscanet.engine.timing_arguments import (
    add_device_arguments,
    add_dtype_argument,
    add_timing_arguments,
    timing_setting,
)
from mmscanet.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
TASKS = {
    'train': 'training',
    'train_frozen': 'training, backbone frozen',
    'train_cached': 'the same with a feature cache',
    'predict_labels': 'labels of images',
}
COUNTED = ('train', 'predict_labels')


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument('configs', nargs='*', type=Path, help='config files')
    parser.add_argument('--backbone', default='r18', help="as in the configs' names")
    parser.add_argument('--dataset', default='shapes', help="as in the configs' names")
    add_shape_argument(parser)
    add_timing_arguments(parser, repeats=10)
    add_device_arguments(parser)
    add_dtype_argument(parser)
    parser.add_argument(
        '--channels-last',
        action=BooleanOptionalAction,
        help="memory format of the convolutions; without it, the config's own",
    )
    parser.add_argument(
        '--compile',
        action='store_true',
        help='compile backbone and neck; feature caches are left out',
    )
    return parser


def measure(
    cfgs: list[Config], setting: Setting, repeats: int, warmup: int, folder: Path
) -> tuple[dict[str, list[Times]], dict[str, list[int]]]:
    """Time each task of all methods, one after the other, again and again.

    Args:
        cfgs: Of the methods.
        setting: What the times are taken on.
        repeats: How often each is timed.
        warmup: How often each is run before.
        folder: Where feature caches may be.

    Returns:
        For each task ``repeats`` times, in seconds, of each method; for training and
        for labels the floating-point operations of a batch.
    """
    runs, flops = [], {task: [] for task in COUNTED}
    for cfg in cfgs:
        batch = random_batch(setting, count_labels(cfg.model))
        model = build_for(setting, cfg.model)
        cache = None if setting.compiled else FeatureCache(model.backbone, folder)
        tasks = make_tasks(model, batch, cache, setting)
        tasks = {'predict_labels': tasks['predict'], **tasks}
        for task, counts in flops.items():
            # Before anything is compiled: what is inside then cannot be counted.
            counts.append(count_flops(tasks[task]))
        if setting.compiled:
            compile_layers(model)
        runs.append(tasks)
    times = {
        task: time_alternating(
            [tasks[task] for tasks in runs], repeats, setting.device, warmup
        )
        for task in TASKS
        if task in runs[0]
    }
    return times, flops


def throughput_table(
    names: list[str],
    times: dict[str, list[Times]],
    flops: dict[str, list[int]],
    batch_size: int,
    rate: float,
) -> str:
    """Lay out what is done in a second as a Markdown table.

    Args:
        names: Of the methods.
        times: See :func:`measure`.
        flops: See :func:`measure`.
        batch_size: Images of a batch.
        rate: Of matrix products, floating-point operations a second.
    """
    columns = 'images/s | GFLOPs an image | TFLOP/s | of the matrix rate'
    heading = ['method', *(f'{TASKS[task]}: {columns}' for task in flops)]
    lines = [f'| {" | ".join(heading)} |', '|---' * (1 + 4 * len(flops)) + '|']
    for i, name in enumerate(names):
        cells = [name]
        for task, counts in flops.items():
            seconds = np.median(times[task][i])
            done = counts[i] / seconds
            cells += [
                f'{batch_size / seconds:.1f}',
                f'{counts[i] / batch_size / 1e9:.2f}',
                f'{done / 1e12:.3f}',
                f'{done / rate:.0%}',
            ]
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        configs = args.configs or find_configs(ROOT, args.backbone, args.dataset)
        names = [ConfigName.parse(path, 'any', 'any').method for path in configs]
        cfgs = [load_config(str(path), None, None, ['model']) for path in configs]
        shapes = {tuple(args.shape or input_shape(cfg)) for cfg in cfgs}
        if len(shapes) > 1:
            raise UsageError(
                f'the configs have inputs of {len(shapes)} sizes; give --shape'
            )
        setting = replace(
            timing_setting(args, shapes.pop()),
            channels_last=args.channels_last,
            compiled=args.compile,
        )
        rate = matrix_rate(args.device, args.dtype)
        with TemporaryDirectory() as folder:
            times, flops = measure(
                cfgs, setting, args.repeats, args.warmup, Path(folder)
            )
        print(
            f'{machine(args.device)}; {setting.images}; {setting.ways}; '
            f'torch {torch.__version__}; median (quartiles) of {args.repeats}\n'
        )
        columns = {TASKS[task]: each for task, each in times.items()}
        print(ratio_table('method', names, columns))
        print(f'\nMatrix products: {rate / 1e12:.3f} TFLOP/s\n')
        print(throughput_table(names, times, flops, args.batch_size, rate))


if __name__ == '__main__':
    main()
