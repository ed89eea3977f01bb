"""Time a training step on the CPU with and without keeping freed memory.

Each way has a process of its own; the two take their steps in turn.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter

import numpy as np
import torch
from mmengine.config import ConfigDict

from mmscanet.comparison.machine import machine
from mmscanet.engine.allocator import keep_freed_memory
from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import Setting, resident_peak
from mmscanet.engine.task_worker import TaskWorker
from mmscanet.engine.timing import milliseconds, time_alternating
from mmscanet.engine.timing_arguments import (
    add_threads_argument,
    add_timing_arguments,
)
from mmscanet.errors import UsageError

TASKS = {
    'train': 'training',
    'train_frozen': 'training, backbone frozen',
    'predict': 'prediction',
}


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    add_config_arguments(parser)
    add_shape_argument(parser)
    add_timing_arguments(parser, repeats=5)
    add_threads_argument(parser, default=1)
    return parser


def compare(
    model_cfg: ConfigDict, setting: Setting, repeats: int, warmup: int
) -> tuple[dict[str, list[list[float]]], list[int | None]]:
    """Return the times of each task, in seconds, and the peaks of memory, in bytes.

    The plain way comes first.
    """
    with (
        TaskWorker(model_cfg, setting) as plain,
        TaskWorker(model_cfg, setting, keep_freed_memory) as kept,
    ):
        times = {
            task: time_alternating(
                [plain.task(task), kept.task(task)], repeats, setting.device, warmup
            )
            for task in TASKS
        }
        return times, [worker.call(resident_peak) for worker in (plain, kept)]


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        if not keep_freed_memory():
            raise UsageError('the C library here is not glibc: nothing to compare')
        cfg = load_config(args.config, args.cfg_options, args.data_root, ['model'])
        setting = Setting(
            tuple(args.shape or input_shape(cfg)),
            args.batch_size,
            threads=args.threads,
        )
        times, peaks = compare(cfg.model, setting, args.repeats, args.warmup)
        # Those of the two processes, for the line below.
        if args.threads:
            torch.set_num_threads(args.threads)
        print(
            f'{machine(setting.device)}; {setting.images}; torch {torch.__version__}; '
            f'ms, median (quartiles) of {args.repeats}\n'
        )
        print('| | as it is | memory kept | ratio |\n|---|---|---|---|')
        for task, (plain, kept) in times.items():
            ratio = np.median(kept) / np.median(plain)
            cells = [
                TASKS[task],
                milliseconds(plain),
                milliseconds(kept),
                f'{ratio:.2f}',
            ]
            print(f'| {" | ".join(cells)} |')
        if None not in peaks:
            mib = [peak / 2**20 for peak in peaks]
            cells = [
                'peak memory, MiB',
                *(f'{m:.0f}' for m in mib),
                f'{mib[1] / mib[0]:.2f}',
            ]
            print(f'| {" | ".join(cells)} |')


if __name__ == '__main__':
    main()
