"""Models on a GPU that is only pretended: is all of each on one device?

A tensor of this GPU says that it is on ``cuda:0`` and is computed on the CPU. So the
losses, scores and boxes must be those of the CPU, and an operation on tensors of two
devices raises as it would on a real one. What autograd does is not seen: it asks for a
real GPU.
"""

import contextlib
import importlib
import operator
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mmcv.ops
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor
from torch.utils._python_dispatch import (
    TorchDispatchMode,
    return_and_correct_aliasing,
)
from torch.utils._pytree import tree_leaves, tree_map_only

pytestmark = pytest.mark.skipif(
    not hasattr(torch._C, '_ensureCUDADeviceGuardSet'),
    reason='this torch cannot pretend to have a GPU',
)
aten = torch.ops.aten

OPERATORS = pkgutil.iter_modules(mmcv.ops.__path__, 'mmcv.ops.')
COMPILED = [
    module
    for module in (importlib.import_module(each.name) for each in OPERATORS)
    if hasattr(module, 'ext_module')
]

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for folder in ('configs/scanet', 'projects/*/configs')
    for path in ROOT.glob(f'{folder}/*_shapes*.py')
)
# Settings that no config on ContextShapes has.
PLUS = 'configs/scanet/scanet_plus_r18_fpn_shapes.py'
KSSNET = 'projects/kssnet/configs/kssnet_r18_shapes.py'
SETTINGS = {
    name: (PLUS, f'roi_head=dict({settings})')
    for name, settings in dict(
        adaptive="context_roi_extractor=dict(type='AdaptiveContextRoIExtractor')",
        dependencies="context_head=dict(type='LabelDependencyBBoxHead')",
        small='context_roi_extractor=dict(small_expand_ratio=4.0)',
        learned="fusion=dict(fuse='learned')",
        noisy_or="fusion=dict(fuse='product', pool='noisy_or', objectness='multiply')",
        topk="fusion=dict(fuse='max', pool='topk')",
        matched="context_target='matched', whole_image=True",
        image="context_target='image', delta=1.0, share_trunk=True",
        per_label='bbox_head=dict(reg_class_agnostic=False)',
    ).items()
} | dict(
    refined=(PLUS, 'test_cfg=dict(rcnn=dict(refinements=1))'),
    wide_graph=(KSSNET, 'head=dict(hidden_channels=(48,), stage_channels=(32,))'),
)

# Whose indices may be on the CPU; copying is what goes from one device to the other.
INDEXING = (aten.index.Tensor, aten.index_put.default, aten.index_put_.default)
COPYING = (aten.copy_.default, aten._to_copy.default)
JOINING = (aten.cat.default, aten.stack.default)


class OnGPU(Tensor):
    """A tensor whose numbers are ``held``, a tensor on the CPU."""

    @staticmethod
    def __new__(cls, held: Tensor) -> 'OnGPU':
        tensor = Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device('cuda', 0),
        )
        tensor.held = held.detach()
        return tensor

    def __repr__(self, **kwargs: object) -> str:
        return f'OnGPU({self.held})'

    def tolist(self) -> Any:
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None) -> Any:
        return compute(func, args, kwargs or {})


class PretendedGPU(TorchDispatchMode):
    """Lets tensors be made on ``cuda``, too."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None) -> Any:
        return compute(func, args, kwargs or {})


def fused_lstm_cell(
    inputs: Tensor, hidden: Tensor, cell: Tensor, *biases: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """What a GPU has a kernel of its own for, and a CPU has not."""
    gates = sum((each for each in biases if each is not None), inputs + hidden)
    enter, forget, value, leave = gates.chunk(4, 1)
    cell = forget.sigmoid() * cell + enter.sigmoid() * value.tanh()
    return leave.sigmoid() * cell.tanh(), cell, gates


CPU_KERNELS = {aten._thnn_fused_lstm_cell.default: fused_lstm_cell}


def refuse_two_devices(name: str, tensors: list[Tensor], allowed: list[bool]) -> None:
    """Raise where a tensor is on the CPU, is not allowed there and another is not."""
    there = [isinstance(each, OnGPU) for each in tensors]
    if any(there) and not all(map(operator.or_, there, allowed)):
        shapes = ', '.join(f'{each.device.type} {[*each.shape]}' for each in tensors)
        raise RuntimeError(f'{name} of tensors on two devices: {shapes}')


def compute(func: Callable, args: tuple, kwargs: dict) -> Any:
    """Compute on the CPU; the results are where they would be."""
    tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
    on_gpu = [isinstance(each, OnGPU) for each in tensors]
    if func not in COPYING:
        # Beside tensors of the GPU a number may be on the CPU, not the other way round.
        allowed = [each.dim() == 0 and func not in JOINING for each in tensors]
        if func._schema.is_mutable:
            allowed[0] = False
        if func in INDEXING and on_gpu[0]:
            indices = slice(1, None) if func is aten.index.Tensor else slice(1, -1)
            allowed[indices] = [True] * len(allowed[indices])
        refuse_two_devices(str(func), tensors, allowed)

    if kwargs.get('device') is None:
        there = on_gpu[0] if func is aten.copy_.default else any(on_gpu)
        held_kwargs = kwargs
    else:
        there = torch.device(kwargs['device']).type == 'cuda'
        held_kwargs = {**kwargs, 'device': 'cpu'}
    held = tree_map_only(OnGPU, lambda each: each.held, (args, held_kwargs))
    out = CPU_KERNELS.get(func, func)(*held[0], **held[1])
    if not there:
        return out
    out = tree_map_only(Tensor, OnGPU, out)
    return return_and_correct_aliasing(func, args, kwargs, out) if any(on_gpu) else out


class OnGPUOperators:
    """mmcv's compiled operators, which would ask a tensor of the GPU for its memory."""

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled

    def __getattr__(self, name: str) -> Callable:
        def call(*args: Any, **kwargs: Any) -> Any:
            leaves = tree_leaves((args, kwargs))
            tensors = [each for each in leaves if isinstance(each, Tensor)]
            refuse_two_devices(name, tensors, [False] * len(tensors))
            held = tree_map_only(OnGPU, lambda each: each.held, (args, kwargs))
            out = getattr(self.compiled, name)(*held[0], **held[1])
            there = any(isinstance(each, OnGPU) for each in tensors)
            return tree_map_only(Tensor, OnGPU, out) if there else out

        return call


@pytest.fixture
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let models and tensors go to ``cuda``, whatever this machine has.

    Where it has a GPU, that is set up first: torch does so once in a process.
    """
    if torch.cuda.is_available():
        torch.cuda.init()
    torch._C._ensureCUDADeviceGuardSet()
    monkeypatch.setattr(torch.cuda, '_lazy_init', lambda: None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda *_, **__: True)
    capturing = 'is_current_stream_capturing'
    monkeypatch.setattr(torch.cuda.graphs, capturing, lambda: False)
    monkeypatch.setattr(torch.cuda, capturing, lambda: False)
    for module in COMPILED:
        operators = OnGPUOperators(module.ext_module)
        monkeypatch.setattr(module, 'ext_module', operators)

    future, lift = torch.__future__, torch._C
    with contextlib.ExitStack() as stack:
        overwrite = future.set_overwrite_module_params_on_conversion
        before = future.get_overwrite_module_params_on_conversion()
        stack.callback(overwrite, before)
        overwrite(True)
        stack.callback(lift._set_only_lift_cpu_tensors, lift._only_lift_cpu_tensors())
        lift._set_only_lift_cpu_tensors(True)
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        attention = torch.nn.attention
        stack.enter_context(attention.sdpa_kernel(attention.SDPBackend.MATH))
        stack.enter_context(PretendedGPU())
        yield


def outputs(cfg: Config, batch: dict, device: str) -> dict[str, Tensor | list[Tensor]]:
    """What a model with random weights makes of a batch, brought to the CPU.

    Its losses in bfloat16 are asked for, too, but are only seen to be there.
    """
    torch.manual_seed(0)
    model = MODELS.build(cfg.copy().model).to(device)
    torch.manual_seed(0)
    data = model.data_preprocessor(batch, training=True)
    losses = model.train()(**data, mode='loss')
    with torch.autocast(device, torch.bfloat16):
        half = model(**data, mode='loss')
    with torch.no_grad():
        samples = model.eval()(**data, mode='predict')
    found = dict(losses, scores=[sample.pred_score for sample in samples])
    if 'pred_instances' in samples[0]:
        found['boxes'] = [sample.pred_instances.bboxes for sample in samples]
    for each in tree_leaves((found, half)):
        assert each.device.type == device
        assert torch.isfinite(each).all()
    return tree_map_only(Tensor, lambda each: each.detach().cpu(), found)


@pytest.mark.parametrize('config', [*CONFIGS, *SETTINGS])
def test_losses_scores_and_boxes_are_those_of_the_cpu(config, write_tiny, request):
    base, settings = SETTINGS.get(config, (config, ''))
    more = f'model = dict(backbone=dict(init_cfg=None), {settings})\n'
    cfg = Config.fromfile(write_tiny('gpu', base, more))
    batch = next(iter(Runner.build_dataloader(cfg.train_dataloader, seed=0)))
    here = outputs(cfg, batch, 'cpu')
    request.getfixturevalue('pretended_gpu')
    torch.testing.assert_close(outputs(cfg, batch, 'cuda'), here)


def test_pretence_tells_two_devices_apart(pretended_gpu):
    there, here = torch.ones(2, device='cuda'), torch.ones(2)
    number_there, number_here = there[0], here[0]
    assert (there + there).device.type == 'cuda'
    assert (there + number_here).tolist() == [2.0, 2.0]
    assert there.cpu().device.type == 'cpu'
    assert there[torch.tensor([0])].device.type == 'cuda'
    there[torch.tensor([0])] = number_here
    with pytest.raises(RuntimeError, match='two devices: cuda .2., cpu .2.'):
        there + here
    for refused in (
        lambda: here[torch.tensor([0], device='cuda')],
        lambda: there.index_put_((torch.tensor([0, 1]),), here),
        lambda: here + number_there,
        lambda: here.mul_(number_there),
        lambda: number_here.add_(number_there),
        lambda: torch.stack([number_there, number_here]),
        lambda: mmcv.ops.nms(torch.rand(2, 4, device='cuda'), here, 0.5),
    ):
        with pytest.raises(RuntimeError, match='two devices'):
            refused()
