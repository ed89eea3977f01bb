"""Time a model in half precision, in channels-last memory and compiled, in turn.

Each is timed in one process on the same random images. What counts are the ratios to
the first line, float32 in the usual memory format.
"""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import replace

import torch
from mmengine.config import ConfigDict

from mmscanet.comparison.machine import machine
from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    input_shape,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.measure import (
    Setting,
    build_for,
    compile_layers,
    count_labels,
    make_tasks,
    random_batch,
)
from mmscanet.engine.timing import ratio_table, time_alternating
from mmscanet.engine.timing_arguments import (
    add_device_arguments,
    add_timing_arguments,
    timing_setting,
)

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
    add_device_arguments(parser)
    parser.add_argument(
        '--compile',
        action='store_true',
        help='time each also with backbone and neck compiled, which takes minutes',
    )
    return parser


def name_settings(setting: Setting, compiled: bool) -> dict[str, Setting]:
    """Give each way to run a model a name; the plain one comes first.

    Args:
        setting: What is the same for all.
        compiled: Whether each also comes compiled.
    """
    dtypes = ['float32', 'bfloat16']
    if setting.device.startswith('cuda'):
        dtypes.append('float16')
    named = {}
    for make in (False, True) if compiled else (False,):
        for dtype in dtypes:
            for last in (False, True):
                words = [dtype, *['channels-last'] * last, *['compiled'] * make]
                named[', '.join(words)] = replace(
                    setting, dtype=dtype, channels_last=last, compiled=make
                )
    return named


def time_settings(
    model_cfg: ConfigDict, settings: list[Setting], repeats: int, warmup: int
) -> dict[str, list[list[float]]]:
    """Return by task ``repeats`` times, in seconds, of each setting."""
    runs = []
    for setting in settings:
        model = build_for(setting, model_cfg)
        if setting.compiled:
            compile_layers(model)
        batch = random_batch(setting, count_labels(model_cfg))
        runs.append(make_tasks(model, batch, setting=setting))
    device = settings[0].device
    return {
        words: time_alternating([run[task] for run in runs], repeats, device, warmup)
        for task, words in TASKS.items()
    }


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, ['model'])
        plain = timing_setting(args, tuple(args.shape or input_shape(cfg)))
        named = name_settings(plain, args.compile)
        times = time_settings(
            cfg.model, list(named.values()), args.repeats, args.warmup
        )
        print(
            f'{machine(args.device)}; {plain.images}; torch {torch.__version__}; '
            f'median (quartiles) of {args.repeats}\n'
        )
        print(ratio_table('setting', list(named), times))


if __name__ == '__main__':
    main()
