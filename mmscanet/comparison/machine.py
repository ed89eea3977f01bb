"""On what a run was made: the machine and the versions."""

import platform
import re
from pathlib import Path

import torch

from mmscanet.env import PACKAGES, package_version
from mmscanet.version import __version__

_NAMED = ('torch', 'mmengine', 'mmcv', 'mmdet')


def machine(device: str | None = None) -> str:
    """Name a GPU, or the CPU and its threads of torch; any other as torch does.

    Args:
        device: The one that is meant, as torch names it; by default a GPU, if there is
            one.
    """
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device.startswith('cuda'):
        return torch.cuda.get_device_name(device)
    if not device.startswith('cpu'):
        return device
    threads = torch.get_num_threads()
    return f'{_cpu_model()}, {threads} thread{"s" * (threads > 1)}'


def versions() -> dict[str, str]:
    """Return the versions of Python, mmscanet and what it stands on."""
    packages = {each.module: each for each in PACKAGES}
    return dict(
        python=platform.python_version(),
        mmscanet=__version__,
        **{name: package_version(packages[name]) for name in _NAMED},
    )


def _cpu_model() -> str:
    """Read Linux's name of the CPU; elsewhere, what Python knows."""
    info = Path('/proc/cpuinfo')
    text = info.read_text() if info.exists() else ''
    model = re.search(r'^model name\s*:\s*(.+)$', text, re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine()
