"""Where a task's time goes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch import nn
from torch.autograd import DeviceType

from mmscanet.engine.measure import Setting, build, make_tasks, random_batch
from mmscanet.engine.profiling import (
    KINDS,
    OTHER,
    kind_of,
    named_parts,
    profile_task,
    summarise,
)

ROOT = Path(__file__).resolve().parents[2]


def event(key: str, total: float, own: float, on_gpu: bool = False) -> SimpleNamespace:
    """What the profiler tells of an operation, in microseconds.

    The GPU takes ten times as long as the CPU that asks for it.
    """
    return SimpleNamespace(
        key=key,
        cpu_time_total=0 if on_gpu else total,
        self_cpu_time_total=0 if on_gpu else own,
        device_time_total=10 * total,
        self_device_time_total=10 * own,
        device_type=DeviceType.CUDA if on_gpu else DeviceType.CPU,
    )


EVENTS = [
    event('whole task', 1000, 50),
    event('part: backbone', 300, 20),
    event('aten::mkldnn_convolution', 280, 280),
    event('autograd::engine::evaluate_function: ConvolutionBackward0', 400, 4),
    event('aten::convolution_backward', 396, 396),
    event('Optimizer.step#SGD.step', 100, 30),
    event('aten::add_', 70, 70),
]


def test_shares_by_hand() -> None:
    found = summarise(EVENTS, repeats=2, on_gpu=False)
    assert found.seconds == pytest.approx(500e-6)
    assert found.parts == pytest.approx(
        dict(backbone=150e-6, backward=200e-6, optimiser=50e-6)
    )
    kinds = {kind: seconds for kind, seconds in found.kinds.items() if seconds}
    assert kinds == pytest.approx(
        {'convolution': 140e-6, 'convolution, backward': 200e-6, OTHER: 50e-6}
    )
    assert list(found.kinds) == [*KINDS, OTHER]


def test_a_gpu_tells_its_kernels_and_ranges_twice() -> None:
    again = [
        event('sm90_xmma_fprop_bf16', 280, 280, on_gpu=True),
        event('part: backbone', 300, 300, on_gpu=True),
        event('Optimizer.step#SGD.step', 100, 100, on_gpu=True),
    ]
    found = summarise(EVENTS + again, repeats=1, on_gpu=True)
    plain = summarise(EVENTS, repeats=1, on_gpu=False)
    # The GPU's own time, once; the whole is what one waits for.
    assert found.seconds == plain.seconds
    for ours, theirs in ((found.parts, plain.parts), (found.kinds, plain.kinds)):
        assert ours == pytest.approx({name: 10 * each for name, each in theirs.items()})


def test_a_step_is_told_by_part_and_the_model_left_as_it_was() -> None:
    model = nn.ModuleDict(dict(first=nn.Linear(64, 64), last=nn.Linear(64, 2)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def task() -> None:
        model['last'](model['first'](torch.rand(8, 64))).sum().backward()
        optimizer.step()

    found = profile_task(model, task, 'cpu', repeats=2)
    assert set(found.parts) == {'first', 'last', 'backward', 'optimiser'}
    assert all(seconds > 0 for seconds in found.parts.values())
    assert sum(found.parts.values()) < found.seconds
    assert found.kinds['matrix product'] > 0
    assert not any(
        each._forward_hooks or each._forward_pre_hooks for each in model.modules()
    )


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
        ('aten::scatter_', 'sorting and indexing'),
        ('aten::cat', 'copy and cast'),
        ('aten::upsample_bilinear2d', OTHER),
        ('aten::mul', OTHER),
    ],
)
def test_kinds_of_operations(name: str, kind: str) -> None:
    assert kind_of(name) == kind
