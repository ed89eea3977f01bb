"""Export a trained model to ONNX and check that it predicts the same there."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmscanet.apis import SCANetInferencer
from mmscanet.deployment import ExportableSCANet, check_exportable
from mmscanet.deployment.agreement import (
    box_difference,
    label_difference,
    onnx_predict,
    torch_predict,
)
from mmscanet.deployment.images import export_shape, made_up_images, read_images
from mmscanet.deployment.onnx_file import (
    OPSETS,
    open_session,
    require_packages,
    save_onnx,
)
from mmscanet.engine.launch import (
    add_config_arguments,
    add_shape_argument,
    load_config,
    report_usage_errors,
)
from mmscanet.engine.weights import check_checkpoint
from mmscanet.errors import UsageError, require_writable_file
from mmscanet.evaluation.thresholds import LabelThresholds, sidecar_path
from mmscanet.files import atomic_path
from mmscanet.version import __version__

NEEDS = ('model', 'test_dataloader')
TOLERANCE = 1e-4
BATCH_SIZE = 4


def build_parser() -> ArgumentParser:
    """Return the parser of the command line."""
    parser = ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument(
        '--out', metavar='FILE.onnx', required=True, help='file to write'
    )
    parser.add_argument(
        '--labels-only', action='store_true', help='leave the boxes out of the graph'
    )
    add_shape_argument(parser)
    parser.add_argument(
        '--images',
        nargs='+',
        default=[],
        metavar='FILE',
        help='pictures to check the export on; without them, made-up ones',
    )
    parser.add_argument(
        '--opset',
        type=int,
        choices=OPSETS,
        default=OPSETS[0],
        help="version of ONNX's operators",
    )
    return parser


def describe(
    model: ExportableSCANet, classes: Sequence[str], args: Namespace
) -> dict[str, str]:
    """Return what the file says about itself, each value in JSON.

    Raises:
        UsageError: The checkpoint has a damaged thresholds file beside it.
    """
    record = dict(
        classes=list(classes),
        input_size=list(model.shape),
        input='images: uint8, RGB, (batch, 3, height, width); normalised in the graph',
        config=Path(args.config).name,
        mmscanet_version=__version__,
    )
    preprocessor = model.model.data_preprocessor
    if preprocessor._enable_normalize:
        record['mean'] = preprocessor.mean.flatten().tolist()
        record['std'] = preprocessor.std.flatten().tolist()
    thresholds_file = sidecar_path(args.checkpoint)
    if thresholds_file.is_file():
        thresholds = LabelThresholds.load(thresholds_file)
        thresholds.check_classes(classes)
        record['thresholds'] = thresholds.values.tolist()
    return {name: json.dumps(value) for name, value in record.items()}


def largest_differences(
    model: ExportableSCANet, path: Path, images: np.ndarray
) -> tuple[float, float]:
    """Compare ONNX Runtime with PyTorch, on a batch of one and on larger ones.

    Args:
        model: What was exported.
        path: The ONNX file.
        images: (B, 3, H, W), uint8, RGB.

    Returns:
        The largest difference of labels, and that of boxes, which is 0 without them.
    """
    ours, theirs = onnx_predict(open_session(path)), torch_predict(model.model)
    starts = range(0, len(images), BATCH_SIZE)
    labels, boxes = [], [0.0]
    for batch in [images[:1], *(images[i : i + BATCH_SIZE] for i in starts)]:
        for prediction, reference in zip(ours(batch), theirs(batch), strict=True):
            labels.append(label_difference(prediction, reference))
            if model.with_boxes:
                boxes.append(box_difference(prediction, reference, model.shape))
    return float(np.max(labels)), float(np.max(boxes))


def export(
    model: ExportableSCANet,
    metadata: dict[str, str],
    images: np.ndarray,
    args: Namespace,
) -> None:
    """Write the file and check it; it appears only if it predicts the same.

    Raises:
        UsageError: The model cannot be exported, or not faithfully.
    """
    out = Path(args.out)
    with atomic_path(out) as partial:
        save_onnx(model, partial, metadata, args.opset)
        labels, boxes = largest_differences(model, partial, images)
        found = f'scores of labels by {labels:.1e}'
        if model.with_boxes:
            found += f', boxes and their scores by {boxes:.1e}'
        # Not `>`, which is false for what is not a number.
        if not (labels <= TOLERANCE and boxes <= TOLERANCE):
            raise UsageError(
                f'{out} was not written: ONNX Runtime and PyTorch differ by more than '
                f'{TOLERANCE:.0e}: {found}'
            )
    kind = 'pictures' if args.images else 'made-up pictures (--images FILE: real ones)'
    print(f'{out}: {out.stat().st_size / 2**20:.1f} MiB, opset {args.opset}')
    print(f'On {len(images)} {kind}, ONNX Runtime and PyTorch differ in {found}')


def main() -> None:
    """Run the command."""
    args = build_parser().parse_args()
    with report_usage_errors():
        require_packages()
        cfg = load_config(args.config, args.cfg_options, args.data_root, NEEDS)
        check_checkpoint(args.checkpoint)
        if not args.out.endswith('.onnx'):
            raise UsageError(f'--out {args.out}: the name must end in .onnx')
        require_writable_file(args.out)
        shape = export_shape(cfg, args.shape)
        images = read_images(args.images, shape) if args.images else None
        inferencer = SCANetInferencer(cfg, args.checkpoint, 'cpu', show_progress=False)
        check_exportable(inferencer.model)
        model = ExportableSCANet(inferencer.model, shape, not args.labels_only)
        metadata = describe(model, inferencer.classes, args)
        export(
            model, metadata, made_up_images(shape) if images is None else images, args
        )


if __name__ == '__main__':
    main()
