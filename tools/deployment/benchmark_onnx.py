"""Compare the speed of a model in ONNX Runtime and in PyTorch, on a CPU.

Both start from the same pixels, have the same number of threads and are timed in turn
in one process, so that what else the machine does meets them alike.
"""

import platform
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from mmscanet.apis import SCANetInferencer
from mmscanet.deployment import ExportableSCANet, check_exportable
from mmscanet.deployment.agreement import as_inputs, onnx_predict, torch_predict
from mmscanet.deployment.images import export_shape, made_up_images, read_images
from mmscanet.deployment.onnx_file import open_session, require_packages, save_onnx
from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    load_config,
    not_negative,
    positive,
    report_usage_errors,
)
from mmscanet.engine.measure import build
from mmscanet.engine.timing import time_alternating
from mmscanet.engine.weights import check_checkpoint
from mmscanet.models.detectors import SCANet

NEEDS = ('model', 'test_dataloader')
# In each pair ONNX Runtime comes first.
KINDS = ('labels only', 'with boxes')


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    add_config_arguments(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='checkpoint file or URL; without it, random weights, which show no boxes',
    )
    add_shape_argument(parser)
    parser.add_argument(
        '--images',
        nargs='+',
        metavar='FILE',
        help='pictures to predict on; without them, made-up ones',
    )
    parser.add_argument('--batch-sizes', type=positive, nargs='+', default=[1, 4])
    parser.add_argument('--repeats', type=positive, default=10)
    parser.add_argument('--warmup', type=not_negative, default=2)
    parser.add_argument(
        '--threads', type=positive, default=1, help='CPU threads of each'
    )
    return parser


def make_tasks(
    model: SCANet, sessions: dict[str, Callable], images: np.ndarray
) -> dict[str, tuple[Callable, Callable]]:
    """Return what is timed on images (B, 3, H, W), a pair for each of ``KINDS``."""
    predict = torch_predict(model)

    @torch.no_grad()
    def predict_labels() -> None:
        model.predict_labels(*as_inputs(model, images))

    in_torch = (predict_labels, lambda: predict(images))
    return {
        kind: (lambda run=sessions[kind]: run(images), run_torch)
        for kind, run_torch in zip(KINDS, in_torch, strict=True)
    }


def measure(
    model: SCANet, images: np.ndarray, args: Namespace
) -> dict[tuple[str, int], list[list[float]]]:
    """Export and take the times.

    Args:
        model: In evaluation mode.
        images: (N, 3, H, W), uint8, RGB; repeated to fill a batch.
        args: Of the command line.

    Returns:
        By kind and batch size the times of ONNX Runtime and of PyTorch, in seconds.
    """
    sessions = {}
    with TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / 'model.onnx'
            shape = images.shape[2:]
            save_onnx(ExportableSCANet(model, shape, kind == 'with boxes'), path)
            sessions[kind] = onnx_predict(open_session(path, args.threads))
    result = {}
    for size in args.batch_sizes:
        batch = images[np.arange(size) % len(images)]
        for kind, pair in make_tasks(model, sessions, batch).items():
            times = time_alternating(list(pair), args.repeats, 'cpu', args.warmup)
            result[kind, size] = times
    return result


def report(result: dict[tuple[str, int], list[list[float]]]) -> str:
    """Write the figures as a Markdown table."""
    lines = [
        '| | batch | ONNX Runtime, ms, median (quartiles) | PyTorch, ms | time ratio |',
        '|---|---|---|---|---|',
    ]
    for (kind, size), pair in result.items():
        low, median, high = np.percentile(np.array(pair) * 1e3, [25, 50, 75], axis=1)
        cells = [
            f'{m:.1f} ({a:.1f}-{b:.1f})'
            for a, m, b in zip(low, median, high, strict=True)
        ]
        ratio = f'{median[0] / median[1]:.2f}'
        lines.append(f'| {kind} | {size} | {" | ".join(cells)} | {ratio} |')
    return '\n'.join(lines)


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        require_packages()
        cfg = load_config(args.config, args.cfg_options, args.data_root, NEEDS)
        if args.checkpoint is not None:
            check_checkpoint(args.checkpoint)
        shape = export_shape(cfg, args.shape)
        images = read_images(args.images, shape) if args.images else None
        if args.checkpoint is None:
            model = build(cfg.model).eval()
        else:
            model = SCANetInferencer(cfg, args.checkpoint, 'cpu').model
        check_exportable(model)
        torch.set_num_threads(args.threads)
        result = measure(
            model, made_up_images(shape) if images is None else images, args
        )
    import onnxruntime

    height, width = shape
    print(
        f'CPU, threads: {args.threads}; {height} x {width}; ONNX Runtime '
        f'{onnxruntime.__version__}, torch {torch.__version__}, Python '
        f'{platform.python_version()}\n\n{report(result)}'
    )


if __name__ == '__main__':
    main()
