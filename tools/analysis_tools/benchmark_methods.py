"""Time the methods of a comparison in turn, in one process, on the same random images.

What counts are the ratios: times of runs that were made one after the other also tell
what else the machine had to do. The first method is the one that others are compared
with; without configs it is SCANet, and SCANet+ and all peers follow.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from mmengine.config import Config

from mmscanet.apis.inferencer import check_device
from mmscanet.comparison import ConfigName, find_configs
from mmscanet.comparison.machine import machine
from mmscanet.engine.feature_cache import FeatureCache
from mmscanet.engine.launch import (
    add_shape_argument,
    add_timing_arguments,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import (
    Setting,
    build,
    count_labels,
    make_tasks,
    milliseconds,
    random_batch,
    time_alternating,
)
from mmscanet.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
TASKS = {
    'train': 'training',
    'train_frozen': 'training, backbone frozen',
    'train_cached': 'the same with a feature cache',
    'predict_labels': 'labels of images',
}


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
    parser.add_argument('--device', default='cpu', help='cpu, cuda or cuda:N')
    parser.add_argument('--threads', type=int, default=0, help='CPU threads of torch')
    return parser


def time_methods(
    cfgs: list[Config], setting: Setting, repeats: int, warmup: int, folder: Path
) -> dict[str, list[list[float]]]:
    """Time each task of all methods, one after the other, again and again.

    Args:
        cfgs: Of the methods.
        setting: What the times are taken on.
        repeats: How often each is timed.
        warmup: How often each is run before.
        folder: Where feature caches may be.

    Returns:
        For each task ``repeats`` times, in seconds, of each method.
    """
    runs = []
    for cfg in cfgs:
        batch = random_batch(setting, count_labels(cfg.model))
        model = build(cfg.model, setting.device)
        tasks = make_tasks(model, batch, FeatureCache(model.backbone, folder))
        runs.append({'predict_labels': tasks['predict'], **tasks})
    return {
        task: time_alternating(
            [tasks[task] for tasks in runs], repeats, setting.device, warmup
        )
        for task in TASKS
    }


def report(names: list[str], times: dict[str, list[list[float]]]) -> str:
    """Lay out times and their ratios to the first method's as a Markdown table."""
    heading = ['method', *(f'{words}, ms | ratio' for words in TASKS.values())]
    lines = [f'| {" | ".join(heading)} |', '|---' * (1 + 2 * len(TASKS)) + '|']
    for i, name in enumerate(names):
        cells = [name]
        for task in TASKS:
            ratio = np.median(times[task][i]) / np.median(times[task][0])
            cells += [milliseconds(times[task][i]), f'{ratio:.2f}']
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
        check_device(args.device)
        if args.threads:
            torch.set_num_threads(args.threads)
        setting = Setting(shapes.pop(), args.batch_size, args.device, args.threads)
        with TemporaryDirectory() as folder:
            times = time_methods(cfgs, setting, args.repeats, args.warmup, Path(folder))
        height, width = setting.shape
        print(
            f'{machine()}; batches of {setting.batch_size} images, {height} x {width}; '
            f'torch {torch.__version__}; median (quartiles) of {args.repeats}\n'
        )
        print(report(names, times))


if __name__ == '__main__':
    main()
