"""Compare SCANet with mmdet's Faster R-CNN: time, memory, parameters and FLOPs.

Both have the same backbone, neck and RPN and see the same random images. The two are
timed in turn in one process; peak memory is measured in a process for each figure.
"""

import platform
from argparse import ArgumentParser

import numpy as np
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
    Setting,
    build,
    count_flops,
    count_labels,
    faster_rcnn_twin,
    make_tasks,
    peak_memory,
    random_batch,
)
from mmscanet.engine.timing import milliseconds, time_alternating
from mmscanet.engine.timing_arguments import (
    add_device_arguments,
    add_timing_arguments,
    timing_setting,
)
from mmscanet.errors import require_writable_file
from mmscanet.files import write_json

OURS, TWIN = 'SCANet', 'Faster R-CNN'
# (title, task of SCANet, what it is compared with)
ROWS = [
    ('training iteration', 'train', (TWIN, 'train')),
    ('prediction with boxes', 'predict', (TWIN, 'predict')),
    ('prediction of labels only', 'predict_labels', (TWIN, 'predict')),
]
STAGED_ROW = ('training, backbone frozen', 'train_frozen', (OURS, 'train'))


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    add_shape_argument(parser)
    add_timing_arguments(parser, repeats=10, batch_size=2)
    add_device_arguments(parser)
    parser.add_argument(
        '--same-patches',
        action='store_true',
        help="give Faster R-CNN SCANet's numbers of proposals and samples, not mmdet's",
    )
    parser.add_argument(
        '--staged',
        action='store_true',
        help='also compare the frozen stage of training with the joint one',
    )
    parser.add_argument('--no-memory', action='store_true', help='skip peak memory')
    parser.add_argument('--out', metavar='FILE.json', help='write every figure here')
    return parser


def measure(cfgs: dict, setting: Setting, rows: list, args: object) -> dict:
    """Take all figures.

    Returns:
        ``{model: {'parameters': int, task: {times, flops, memory}}}``, seconds and
        bytes.
    """
    result: dict = {name: {} for name in cfgs}
    keys, tasks = [], []
    wanted = {(OURS, task) for _, task, _ in rows} | {other for *_, other in rows}
    for name, cfg in cfgs.items():
        model = build(cfg, setting.device)
        result[name]['parameters'] = sum(p.numel() for p in model.parameters())
        batch = random_batch(setting, count_labels(cfg))
        for task, run in make_tasks(model, batch).items():
            if (name, task) in wanted:
                result[name][task] = dict(flops=count_flops(run))
                keys.append((name, task))
                tasks.append(run)
    # The two models in turn, task by task.
    order = sorted(range(len(keys)), key=lambda i: keys[i][1])
    timed = time_alternating(
        [tasks[i] for i in order], args.repeats, setting.device, args.warmup
    )
    for i, times in zip(order, timed, strict=True):
        name, task = keys[i]
        result[name][task]['times'] = times
        if not args.no_memory:
            result[name][task]['memory'] = peak_memory(cfgs[name], task, setting)
    return result


def report(result: dict, rows: list) -> str:
    """Write the figures as Markdown tables."""
    lines = [
        '| | ms, median (quartiles) | compared with | its ms | time ratio | '
        'memory MiB | its MiB | memory ratio | GFLOPs | its GFLOPs |',
        '|---|---|---|---|---|---|---|---|---|---|',
    ]
    for title, task, (other, other_task) in rows:
        ours, theirs = result[OURS][task], result[other][other_task]
        ratio = np.median(ours['times']) / np.median(theirs['times'])
        cells = [title, milliseconds(ours['times']), f'{other}, {other_task}']
        cells += [milliseconds(theirs['times']), f'{ratio:.2f}']
        if ours.get('memory') is not None:
            mib = [each['memory'] / 2**20 for each in (ours, theirs)]
            share = f'{mib[0] / mib[1]:.2f}' if mib[1] else '-'
            cells += [f'{mib[0]:.0f}', f'{mib[1]:.0f}', share]
        else:
            cells += ['-', '-', '-']
        cells += [f'{each["flops"] / 1e9:.1f}' for each in (ours, theirs)]
        lines.append(f'| {" | ".join(cells)} |')
    lines += ['', '| model | parameters |', '|---|---|']
    for name, figures in result.items():
        lines.append(f'| {name} | {figures["parameters"] / 1e6:.1f} M |')
    return '\n'.join(lines)


def describe(setting: Setting, cfgs: dict) -> str:
    """Say on what the figures were taken."""
    patches = '; '.join(
        f'{name} {cfg.train_cfg.rcnn.sampler.num} / {cfg.test_cfg.rpn.max_per_img}'
        for name, cfg in cfgs.items()
    )
    return (
        f'{machine(setting.device)}; {setting.images}; '
        f'torch {torch.__version__}, Python {platform.python_version()}\n'
        f'Patches of an image in training / at most in prediction: {patches}'
    )


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        cfg = load_config(args.config, args.cfg_options, args.data_root, ['model'])
        setting = timing_setting(args, tuple(args.shape or input_shape(cfg)))
        if args.out is not None:
            require_writable_file(args.out, '.json')
        cfgs = {OURS: cfg.model, TWIN: faster_rcnn_twin(cfg.model, args.same_patches)}
        rows = ROWS + ([STAGED_ROW] if args.staged else [])
        result = measure(cfgs, setting, rows, args)
        print(f'{describe(setting, cfgs)}\n\n{report(result, rows)}')
        if args.out is not None:
            record = dict(
                setting=describe(setting, cfgs),
                arguments=vars(args),
                repeats=args.repeats,
            )
            write_json(args.out, dict(record, result=result))


if __name__ == '__main__':
    main()
