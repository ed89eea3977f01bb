"""Where the time of a task goes: by part of the model and by kind of operation."""

from collections.abc import Callable, Iterable, Iterator
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
        'convolutionbackward',
        'conv2d_backward',
    ),
    'convolution': ('conv',),
    'batch normalisation': ('batch_norm', 'batchnorm'),
    'RoIAlign': ('roialign', 'roi_align'),
    'suppression': ('nms',),
    'matrix product': ('mm', 'attention', 'aten::linear'),
    'activation': ('relu', 'hardtanh', 'clamp', 'sigmoid', 'gelu', 'softmax'),
    'sorting and indexing': ('sort', 'topk', 'index', 'nonzero', 'gather', 'scatter'),
    'copy and cast': ('copy', 'aten::cat', 'contiguous'),
}
OTHER = 'other'
# Names of ranges in the profiler's record.
_PART, _WHOLE = 'part: ', 'whole task'


@dataclass(frozen=True)
class Profile:
    """Shares of a task's time.

    Attributes:
        seconds: Of the whole task, once, with the profiler's own cost.
        parts: Seconds in the forward pass of each part of the model, ``backward`` and
            ``optimiser``. What is in none is not named: proposals, targets, losses,
            what a head computes outside of its ``forward``.
        kinds: Seconds of each kind of operation in ``KINDS``, ``OTHER`` last; they add
            up to all that was computed.

    On a GPU ``parts`` and ``kinds`` are its time, so that what is missing from
    ``seconds`` is also its waiting.
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
    with ranges(model), profile(activities=activities, acc_events=True) as profiler:
        for _ in range(repeats):
            with record_function(_WHOLE):
                task()
                if on_gpu:
                    torch.cuda.synchronize(device)
    return summarise(profiler.key_averages(), repeats, on_gpu)


def summarise(
    events: Iterable[FunctionEventAvg], repeats: int, on_gpu: bool
) -> Profile:
    """Make a profile of the profiler's events, whose times are in microseconds."""
    # A GPU tells kernels and ranges once more; an operation's own event has them.
    events = [event for event in events if event.device_type == DeviceType.CPU]
    scale = 1e6 * repeats
    whole, parts = 0.0, dict(backward=0.0, optimiser=0.0)
    kinds = dict.fromkeys([*KINDS, OTHER], 0.0)
    for event in events:
        total = event.device_time_total if on_gpu else event.cpu_time_total
        own = event.self_device_time_total if on_gpu else event.self_cpu_time_total
        if event.key == _WHOLE:
            whole = event.cpu_time_total / scale
        elif event.key.startswith(_PART):
            parts[event.key.removeprefix(_PART)] = total / scale
        else:
            if event.key.startswith('autograd::engine::evaluate_function'):
                parts['backward'] += total / scale
            elif event.key.startswith('Optimizer.step'):
                parts['optimiser'] += total / scale
            kinds[kind_of(event.key)] += own / scale
    return Profile(whole, parts, kinds)


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
