"""Where the time of a task goes: by part of the model and by kind of operation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.autograd import DeviceType
from torch.autograd.profiler_util import FunctionEventAvg
from torch.profiler import ProfilerActivity, profile, record_function

# What torch and mmcv call what they do; the first kind whose word is in a name counts.
KINDS = {
    'convolution, backward': (
        'convolution_backward',
        'conv2d_backward',
        'dgrad',
        'wgrad',
    ),
    'convolution': ('conv',),
    'batch normalisation': ('batch_norm', 'bn_fw', 'bn_bw'),
    'RoIAlign': ('roialign', 'roi_align'),
    'suppression': ('nms',),
    'matrix product': ('mm', 'gemm', 'attention', 'linear'),
    'activation': ('relu', 'hardtanh', 'clamp', 'sigmoid', 'gelu', 'softmax'),
    'copy and cast': ('copy', 'memcpy', 'cat', 'contiguous'),
    'sorting and indexing': ('sort', 'topk', 'index', 'nonzero', 'gather', 'scatter'),
    'optimiser': ('foreach', 'optimizer', 'multi_tensor'),
}
OTHER = 'other'
# Names of ranges in the profiler's record.
_PART, _WHOLE = 'part: ', 'whole task'


@dataclass(frozen=True)
class Profile:
    """Shares of a task's time.

    Attributes:
        seconds: Of the whole task, once, with the profiler's own cost.
        parts: Seconds in the forward pass of each part of the model, and ``backward``.
            What is in none (targets, proposals, losses) is not named.
        kinds: Seconds of each kind of operation in ``KINDS``, ``OTHER`` last; they add
            up to all that was computed.
    """

    seconds: float
    parts: dict[str, float]
    kinds: dict[str, float]


def profile_task(
    model: nn.Module,
    task: Callable[[], object],
    device: str,
    repeats: int = 3,
    warmup: int = 1,
) -> Profile:
    """Run a task under torch's profiler.

    Args:
        model: Whose children are the parts; those of a ``roi_head`` are told apart.
        task: One of :func:`~.measure.make_tasks`.
        device: Where it runs, as torch names it.
        repeats: How often; all figures are means.
        warmup: How often without the profiler before.
    """
    on_gpu = device.startswith('cuda')
    activities = [ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * on_gpu]
    for _ in range(warmup):
        task()
    with ranges(model), profile(activities=activities) as profiler:
        for _ in range(repeats):
            with record_function(_WHOLE):
                task()
                if on_gpu:
                    torch.cuda.synchronize(device)
    # Microseconds of all repeats.
    scale = 1e6 * repeats
    events = profiler.key_averages()
    parts = {
        event.key.removeprefix(_PART): _total(event, on_gpu) / scale
        for event in events
        if event.key.startswith(_PART) and not _is_gpu_copy(event)
    }
    parts['backward'] = (
        sum(
            _total(event, on_gpu)
            for event in events
            if event.key.startswith('autograd::engine::evaluate_function')
        )
        / scale
    )
    kinds = dict.fromkeys([*KINDS, OTHER], 0.0)
    for event in events:
        if not event.key.startswith((_PART, _WHOLE)):
            kinds[kind_of(event.key)] += _own(event, on_gpu) / scale
    (whole,) = (e for e in events if e.key == _WHOLE and not _is_gpu_copy(e))
    return Profile(whole.cpu_time_total / scale, parts, kinds)


@contextmanager
def ranges(model: nn.Module) -> Iterator[None]:
    """Let the profiler know in which part of the model it is, forward passes only."""
    handles = []
    for name, part in named_parts(model):
        open_ranges: list[record_function] = []

        def enter(*call: Any, name: str = name, into: list = open_ranges) -> None:
            into.append(record_function(f'{_PART}{name}'))
            into[-1].__enter__()

        def leave(*call: Any, into: list = open_ranges) -> None:
            into.pop().__exit__(None, None, None)

        handles += [
            part.register_forward_pre_hook(enter),
            part.register_forward_hook(leave),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def named_parts(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield what a model's forward pass is made of, none inside another."""
    for name, part in model.named_children():
        if name == 'data_preprocessor':
            continue
        if name == 'roi_head':
            for inner, child in part.named_children():
                yield f'{name}.{inner}', child
        else:
            yield name, part


def kind_of(operation: str) -> str:
    """Return the kind, of ``KINDS`` or ``OTHER``, that an operation's name tells."""
    name = operation.lower()
    for kind, words in KINDS.items():
        if any(word in name for word in words):
            return kind
    return OTHER


def _total(event: FunctionEventAvg, on_gpu: bool) -> float:
    return event.device_time_total if on_gpu else event.cpu_time_total


def _own(event: FunctionEventAvg, on_gpu: bool) -> float:
    return event.self_device_time_total if on_gpu else event.self_cpu_time_total


def _is_gpu_copy(event: FunctionEventAvg) -> bool:
    """A range is told a second time, as the GPU saw it."""
    return event.device_type != DeviceType.CPU
