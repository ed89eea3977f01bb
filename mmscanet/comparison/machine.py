"""On what a run was made: the machine and the versions."""

import platform
import re
from pathlib import Path

import torch

from mmscanet.env import PACKAGES, package_version
from mmscanet.version import __version__

_NAMED = ('torch', 'mmengine', 'mmcv', 'mmdet')


def machine() -> str:
    """Name the GPU, or the CPU and how many threads torch uses on it."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
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
