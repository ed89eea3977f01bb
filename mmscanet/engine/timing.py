"""How long tasks take, told in ratios, and what a device can do at best."""

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

# Rows and columns that keep all units of a device busy, for about a second even on a
# CPU that has to emulate the type.
SIDES = {'cpu': 1024, 'cuda': 8192}

Times = list[float]


def time_alternating(
    tasks: list[Callable[[], object]], repeats: int, device: str, warmup: int = 1
) -> list[Times]:
    """Time several tasks in turn, so that a drift of the machine meets all alike.

    Returns:
        For each task ``repeats`` times in seconds.
    """
    times: list[Times] = [[] for _ in tasks]
    for turn in range(warmup + repeats):
        for task, into in zip(tasks, times, strict=True):
            synchronize(device)
            start = time.perf_counter()
            task()
            synchronize(device)
            if turn >= warmup:
                into.append(time.perf_counter() - start)
    return times


def synchronize(device: str) -> None:
    """Wait for what was asked of a GPU; a CPU has done it."""
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)


def matrix_rate(
    device: str = 'cpu', dtype: str = 'float32', side: int | None = None
) -> float:
    """Measure the floating-point operations a second of a product of square matrices.

    Args:
        device: As torch names it.
        dtype: torch's name of the matrices' type.
        side: Rows and columns; by default what suits the device.

    Returns:
        2 * side ** 3 over the shortest of ten times.
    """
    side = side or SIDES.get(torch.device(device).type, SIDES['cuda'])
    left, right = (
        torch.rand(side, side, device=device).to(getattr(torch, dtype))
        for _ in range(2)
    )
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    # As convolutions have it: a GPU may compute their float32 in the faster TF32.
    matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    (times,) = time_alternating([lambda: left @ right], 10, device)
    matmul.allow_tf32 = before
    return 2 * side**3 / min(times)


def milliseconds(times: Times) -> str:
    """Write the median and the quartiles of times, which are in seconds."""
    low, median, high = np.percentile(np.array(times) * 1e3, [25, 50, 75])
    return f'{median:.1f} ({low:.1f}-{high:.1f})'


def ratio_table(
    what: str, names: Sequence[str], times: Mapping[str, Sequence[Times]]
) -> str:
    """Lay out times, and their ratios to the first row's, as a Markdown table.

    Args:
        what: Heading of the names.
        names: Of the rows.
        times: Of each column, by its heading, the times of each row, in seconds.
    """
    heading = [what, *(f'{words}, ms | ratio' for words in times)]
    lines = [f'| {" | ".join(heading)} |', '|---' * (1 + 2 * len(times)) + '|']
    for i, name in enumerate(names):
        cells = [name]
        for column in times.values():
            ratio = np.median(column[i]) / np.median(column[0])
            cells += [milliseconds(column[i]), f'{ratio:.2f}']
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)
