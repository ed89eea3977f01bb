"""The ONNX file itself, run by ONNX Runtime on photographs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmscanet.deployment import ExportableSCANet, onnx_file
from mmscanet.deployment.agreement import (
    box_difference,
    label_difference,
    onnx_predict,
    torch_predict,
)
from mmscanet.errors import ConfigError, UsageError
from mmscanet.models.detectors import SCANet

# All at once what another export does not have.
UNUSUAL = {
    'backbone.conv_cfg': dict(type='Conv2dAdaptivePadding'),
    'data_preprocessor.bgr_to_rgb': False,
    'roi_head.whole_image': True,
    'roi_head.share_trunk': True,
    'roi_head.scene_head': dict(
        type='LabelQueryHead', in_channels=16, hidden_channels=16, num_heads=2
    ),
    'roi_head.context_roi_extractor.small_expand_ratio': 4,
    'roi_head.fusion.fuse': 'learned',
    'roi_head.fusion.pool': 'noisy_or',
    'roi_head.fusion.objectness': 'multiply',
    'test_cfg.rpn.min_bbox_size': 10,
    'test_cfg.rcnn.score_thr': 0.001,
}


def check_agreement(path: Path, model: SCANet, images: np.ndarray) -> None:
    ours, theirs = onnx_predict(onnx_file.open_session(path, 1)), torch_predict(model)
    for batch in (images, images[:1]):
        for prediction, reference in zip(ours(batch), theirs(batch), strict=True):
            assert label_difference(prediction, reference) < 1e-4
            assert len(reference['boxes']) > 0
            assert box_difference(prediction, reference, images.shape[2:]) < 1e-4


def test_agrees_with_torch_on_photographs(
    tiny_onnx: Path, tiny_model: SCANet, photos: np.ndarray
) -> None:
    check_agreement(tiny_onnx, tiny_model, photos)


def test_an_unusual_model_agrees_too(
    tiny_onnx: Path, make_model: Callable, photos: np.ndarray, tmp_path: Path
) -> None:
    model = make_model(UNUSUAL)
    images = photos[:, :, :, :150]
    exportable = ExportableSCANet(model, images.shape[2:])
    onnx_file.save_onnx(exportable, tmp_path / 'model.onnx', opset=21)
    check_agreement(tmp_path / 'model.onnx', model, images)


def test_the_graph_is_plain_and_its_batch_free(
    tiny_onnx: Path, repo_root: Path
) -> None:
    import onnx

    model = onnx.load(tiny_onnx)
    assert {(each.domain, each.version) for each in model.opset_import} == {('', 18)}
    assert not model.functions
    session = onnx_file.open_session(tiny_onnx)
    (given,) = session.get_inputs()
    assert (given.name, given.type) == ('images', 'tensor(uint8)')
    assert given.shape == ['batch', 3, 160, 160]
    shapes = {each.name: each.shape for each in session.get_outputs()}
    assert shapes['scores'] == shapes['context_scores'] == ['batch', 11]
    assert shapes['boxes'] == shapes['context_boxes'] == ['batch', 100, 4]
    assert shapes['box_labels'] == shapes['box_object_scores'] == ['batch', 100]
    # Nothing of where it was made.
    assert str(repo_root).encode() not in tiny_onnx.read_bytes()


def test_what_onnx_has_no_operator_for_is_named(
    tiny_onnx: Path, tmp_path: Path
) -> None:
    class Airy(nn.Module):
        shape = (8, 8)

        def forward(self, images: Tensor) -> dict[str, Tensor]:
            return dict(scores=torch.special.airy_ai(images.float()))

    with pytest.raises(ConfigError, match='cannot be exported: .*airy_ai') as error:
        onnx_file.save_onnx(Airy(), tmp_path / 'no.onnx')
    print(error.value)
    assert not (tmp_path / 'no.onnx').exists()


def test_operators_that_are_not_onnx_s_are_refused() -> None:
    onnx = pytest.importorskip('onnx', reason='needs requirements/deployment.txt')
    node = onnx.helper.make_node('RoIAlign', ['x'], ['y'], domain='mmcv')
    graph = onnx.helper.make_graph([node], 'graph', [], [])
    with pytest.raises(ConfigError, match='mmcv::RoIAlign'):
        onnx_file.check_operators(onnx.helper.make_model(graph))


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, 'PACKAGES', ('numpy', 'no_such_package'))
    with pytest.raises(UsageError, match='no_such_package; .*requirements/deployment'):
        onnx_file.require_packages()
