"""Tell where the time of a training step or a prediction goes, on random images."""

from argparse import ArgumentParser

import torch

from mmscanet.comparison.machine import machine
from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import (
    build_for,
    count_labels,
    make_tasks,
    random_batch,
)
from mmscanet.engine.profiling import Profile, profile_task
from mmscanet.engine.timing_arguments import (
    add_device_arguments,
    add_dtype_argument,
    add_timing_arguments,
    timing_setting,
)

TASKS = ('train', 'train_frozen', 'predict')


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    add_shape_argument(parser)
    add_timing_arguments(parser, repeats=3)
    add_device_arguments(parser)
    add_dtype_argument(parser)
    return parser


def share_table(what: str, seconds: dict[str, float], whole: float) -> str:
    """Lay out times, largest first, and their shares of the whole as Markdown."""
    lines = [f'| {what} | ms | share |', '|---|---|---|']
    for name, each in sorted(seconds.items(), key=lambda item: -item[1]):
        lines.append(f'| {name} | {1e3 * each:.1f} | {each / whole:.0%} |')
    return '\n'.join(lines)


def report(found: Profile) -> str:
    """Write both tables."""
    rest = found.seconds - sum(found.parts.values())
    parts = {**found.parts, 'rest': rest}
    return '\n\n'.join(
        [
            share_table('part', parts, found.seconds),
            share_table('operation', found.kinds, sum(found.kinds.values())),
        ]
    )


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, ['model'])
        setting = timing_setting(args, tuple(args.shape or input_shape(cfg)))
        model = build_for(setting, cfg.model)
        batch = random_batch(setting, count_labels(cfg.model))
        tasks = make_tasks(model, batch, setting=setting)
        print(
            f'{machine(args.device)}; {setting.images}; {setting.ways}; '
            f'torch {torch.__version__}'
        )
        print(
            'Parts are forward passes of modules. The rest: proposals, targets, '
            'losses, what a head computes elsewhere; on a GPU waiting, too.'
        )
        for name in TASKS:
            found = profile_task(
                model, tasks[name], args.device, args.repeats, args.warmup
            )
            print(f'\n{name}, {1e3 * found.seconds:.1f} ms\n\n{report(found)}')


if __name__ == '__main__':
    main()
