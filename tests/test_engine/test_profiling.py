"""Where a task's time goes."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmscanet.engine.measure import Setting, build, make_tasks, random_batch
from mmscanet.engine.profiling import KINDS, OTHER, kind_of, named_parts, profile_task

ROOT = Path(__file__).resolve().parents[2]


def test_the_slow_part_is_found() -> None:
    model = nn.ModuleDict(dict(slow=nn.Linear(512, 512), fast=nn.Linear(2, 2)))
    wide, narrow = torch.rand(512, 512), torch.rand(2, 2)

    def task() -> None:
        model['slow'](wide).sum().backward()
        model['fast'](narrow)

    found = profile_task(model, task, 'cpu', repeats=2)
    parts = found.parts
    assert set(parts) == {'slow', 'fast', 'backward'}
    assert parts['slow'] > parts['fast'] > 0
    assert sum(parts.values()) < found.seconds
    assert set(found.kinds) == {*KINDS, OTHER}
    assert max(found.kinds, key=found.kinds.get) == 'matrix product'
    # Nothing is left behind in the model.
    assert not any(each._forward_hooks for each in model.modules())


def test_parts_of_a_detector_and_a_classifier() -> None:
    cfg = Config.fromfile(ROOT / 'configs/scanet/scanet_plus_r18_fpn_shapes.py').model
    model = build(cfg)
    assert {name for name, _ in named_parts(model)} == {
        *('backbone', 'neck', 'rpn_head'),
        *('roi_head.bbox_roi_extractor', 'roi_head.context_roi_extractor'),
        *('roi_head.bbox_head', 'roi_head.context_head', 'roi_head.scene_head'),
        'roi_head.fusion',
    }
    batch = random_batch(Setting((64, 64), 1), 11)
    found = profile_task(model, make_tasks(model, batch)['predict'], 'cpu', repeats=1)
    assert found.parts['backbone'] > 0
    assert found.parts['backward'] == 0


@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('aten::mkldnn_convolution', 'convolution'),
        ('aten::_slow_conv2d_backward', 'convolution, backward'),
        ('RoIAlignFunctionBackward', 'RoIAlign'),
        ('NMSop', 'suppression'),
        ('aten::addmm', 'matrix product'),
        ('aten::native_batch_norm_backward', 'batch normalisation'),
        ('aten::hardtanh_backward', 'activation'),
        ('aten::mul', OTHER),
    ],
)
def test_kinds_of_operations(name: str, kind: str) -> None:
    assert kind_of(name) == kind
