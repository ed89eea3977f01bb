"""Fixtures for all tests: no network, few threads, and no state left behind."""

import importlib.util
import ipaddress
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

# Before anything opens a window; subprocesses started by tests inherit it.
os.environ['MPLBACKEND'] = 'Agg'
matplotlib.use('Agg')

# OpenMMLab keeps one instance per name of these for the whole process.
MANAGERS = (DefaultScope, MessageHub, MMLogger, Visualizer)


ROOT = Path(__file__).resolve().parents[1]


def pytest_sessionstart() -> None:
    """Refuse to test another copy of mmscanet than the one beside the tests."""
    spec = importlib.util.find_spec('mmscanet')
    if spec is None or not Path(spec.origin).resolve().is_relative_to(ROOT):
        found = spec.origin if spec else 'nothing'
        raise pytest.UsageError(
            f'`import mmscanet` finds {found}, not {ROOT / "mmscanet"}: '
            'run `pip install --no-build-isolation -e .` there'
        )


@pytest.fixture(scope='session')
def repo_root() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(scope='session', autouse=True)
def few_threads() -> None:
    """Keep torch from fighting over two cores with the processes tests start."""
    torch.set_num_threads(1)


@pytest.fixture(scope='session', autouse=True)
def registered_modules() -> None:
    """Fill MMDetection's registries, as a training run does."""
    from mmdet.utils import register_all_modules

    register_all_modules(init_default_scope=False)


@pytest.fixture(autouse=True)
def clean_openmmlab_state() -> Iterator[None]:
    """Give each test the scope ``mmdet`` and take back what it created."""
    saved = {manager: manager._instance_dict.copy() for manager in MANAGERS}
    DefaultScope.get_instance(f'test-{len(saved[DefaultScope])}', scope_name='mmdet')
    yield
    for manager, instances in saved.items():
        manager._instance_dict.clear()
        manager._instance_dict.update(instances)


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """Start each test from the same random numbers, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (what mmdet's transforms draw from)
    torch.manual_seed(0)


def is_local(host: str | None) -> bool:
    """Say whether a host is this machine itself."""
    if host in (None, '', 'localhost', socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope='session', autouse=True)
def no_network() -> Iterator[None]:
    """Fail any test that reaches for the network; loopback is allowed."""
    patch = pytest.MonkeyPatch()
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def local_connect(self: socket.socket, address: Any) -> None:
        is_inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if is_inet and not is_local(address[0]):
            raise RuntimeError(f'a test reached for the network: {address}')
        connect(self, address)

    def local_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> list:
        name = host.decode() if isinstance(host, bytes) else host
        if not is_local(name):
            raise RuntimeError(f'a test reached for the network: {name}')
        return getaddrinfo(host, *args, **kwargs)

    patch.setattr(socket.socket, 'connect', local_connect)
    patch.setattr(socket, 'getaddrinfo', local_getaddrinfo)
    yield
    patch.undo()
