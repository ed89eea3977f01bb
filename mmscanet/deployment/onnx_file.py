"""Writing and running ONNX files of SCANet; needs ``requirements/deployment.txt``."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from mmscanet.errors import ConfigError, UsageError

from .exportable_scanet import ExportableSCANet
from .operators import onnx_translations

if TYPE_CHECKING:
    import onnx
    import onnxruntime

PACKAGES = ('onnx', 'onnxruntime', 'onnxscript')
# 18 is the one that torch's exporter writes in by itself, the others are conversions.
# ONNX Runtime has no RoiAlign of opset 22 yet (1.32).
OPSETS = (18, 19, 20, 21)


def require_packages() -> None:
    """Prove that ONNX files can be written and run.

    Raises:
        UsageError: Names the packages that are missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise UsageError(
            f'not installed: {", ".join(missing)}; run '
            '"pip install -r requirements/deployment.txt" first'
        )


def save_onnx(
    model: ExportableSCANet,
    path: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
    opset: int = OPSETS[0],
) -> None:
    """Write a model as an ONNX file, for batches of any size.

    Args:
        model: In evaluation mode.
        path: The file.
        metadata: For the file's ``metadata_props``.
        opset: Version of ONNX's operators, one of :data:`OPSETS`.

    Raises:
        ConfigError: The model does something for which ONNX has no operator.
    """
    import onnx

    proto = _trace(model, opset)
    onnx.helper.set_model_props(proto, dict(metadata or {}))
    onnx.checker.check_model(proto, full_check=True)
    check_operators(proto)
    onnx.save(proto, path)


def _trace(model: ExportableSCANet, opset: int) -> 'onnx.ModelProto':
    """Put the model's operators into an ONNX graph."""
    # Two images: the exporter takes a size of 1 for a constant.
    images = torch.zeros(2, 3, *model.shape, dtype=torch.uint8)
    with torch.no_grad():
        names = list(model(images))
    shapes = ({0: torch.export.Dim('batch', min=1)},)
    try:
        with _quiet():
            program = torch.export.export(model, (images,), dynamic_shapes=shapes)
            program = torch.onnx.export(
                program,
                dynamic_shapes=({0: 'batch'},),
                input_names=['images'],
                output_names=names,
                opset_version=opset,
                custom_translation_table=onnx_translations(),
                verbose=False,
            )
    except Exception as error:  # the exporter meets foreign code, which may raise any
        raise ConfigError(
            f'the model has a part that cannot be exported: {_root_cause(error)}'
        ) from error
    proto = program.model_proto
    # Where each node comes from, with paths of this machine.
    for node in proto.graph.node:
        del node.metadata_props[:]
    return proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back the exporter's notes about its own code."""
    logger = logging.getLogger('torch.onnx')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)


def _root_cause(error: BaseException) -> str:
    """The first line of what was raised first, which names the operator."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines() or ['']
    return f'{type(error).__name__}: {lines[0]}'


def check_operators(proto: 'onnx.ModelProto') -> None:
    """Refuse operators that are not ONNX's own."""
    foreign = {
        f'{node.domain}::{node.op_type}'
        for node in proto.graph.node
        if node.domain not in ('', 'ai.onnx')
    }
    if foreign:
        raise ConfigError(
            'the model needs operators that ONNX does not have: '
            f'{", ".join(sorted(foreign))}'
        )


def open_session(
    path: str | os.PathLike[str], threads: int = 0
) -> 'onnxruntime.InferenceSession':
    """Load an ONNX file for the CPU.

    Args:
        path: The file.
        threads: Of ONNX Runtime; 0 leaves the choice to it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(
        path, options, providers=['CPUExecutionProvider']
    )
