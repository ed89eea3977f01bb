"""A small model, real photographs, and the model as an ONNX file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmscanet.deployment import ExportableSCANet
from mmscanet.engine.measure import build
from mmscanet.models.detectors import SCANet


@pytest.fixture(scope='session')
def photos() -> np.ndarray:
    """Return parts of scikit-learn's two photographs, (4, 3, 160, 160), RGB."""
    from sklearn.datasets import load_sample_images

    parts = [
        image[top : top + 320 : 2, left : left + 320 : 2].transpose(2, 0, 1)
        for image in load_sample_images().images
        for top, left in ((0, 0), (100, 300))
    ]
    return np.stack(parts)


@pytest.fixture(scope='session')
def make_random_model(tiny_config: Path) -> Callable[..., SCANet]:
    """Build the tiny model, with some settings changed, at its random start."""

    def make(settings: dict[str, Any]) -> SCANet:
        cfg = Config.fromfile(tiny_config)
        cfg.merge_from_dict({f'model.{k}': v for k, v in settings.items()})
        return build(cfg.model).eval()

    return make


@pytest.fixture(scope='session')
def make_model(make_random_model: Callable, tiny_checkpoint: Path) -> Callable:
    """Build the tiny model, with some settings changed, with its weights."""
    weights = torch.load(tiny_checkpoint, weights_only=False)['state_dict']

    def make(settings: dict[str, Any]) -> SCANet:
        model = make_random_model(settings)
        model.load_state_dict(weights, strict=False)
        return model

    return make


@pytest.fixture(scope='session')
def tiny_model(make_model: Callable) -> SCANet:
    return make_model({})


@pytest.fixture(scope='session')
def tiny_onnx(tiny_model: SCANet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the tiny model with boxes as an ONNX file."""
    for name in ('onnx', 'onnxruntime', 'onnxscript'):
        pytest.importorskip(name, reason='needs requirements/deployment.txt')
    from mmscanet.deployment.onnx_file import save_onnx

    path = tmp_path_factory.mktemp('onnx') / 'model.onnx'
    classes = ['circle'] * 10 + ['square']
    save_onnx(
        ExportableSCANet(tiny_model, (160, 160)),
        path,
        dict(classes=str(classes).replace("'", '"'), input_size='[160, 160]'),
    )
    return path
