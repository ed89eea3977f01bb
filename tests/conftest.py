"""Fixtures for all tests: no network, few threads, and no state left behind."""

import copy
import hashlib
import importlib.util
import io
import ipaddress
import json
import logging
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pytest
import torch
from mmengine.config import Config
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
def plain_timeout() -> Iterator[None]:
    """Take back how long the next sockets wait, which a command may have set."""
    before = socket.getdefaulttimeout()
    yield
    socket.setdefaulttimeout(before)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that says nothing; who calls waits for 0.2 seconds."""
    socket.setdefaulttimeout(0.2)
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield f'http://127.0.0.1:{server.getsockname()[1]}'


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


# A few scenes of ContextShapes and two short epochs, the first with a frozen backbone.
TINY = """
_base_ = '{root}/{base}'
data_root = '{data}'
spec = dict(train=12, val=4)
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, spec=spec),
)
val_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root, spec=spec),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='MultiLabelMetric')]
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=2, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[1], gamma=0.1)]
custom_hooks = [dict(type='StagedTrainingHook', switch_epoch=1)]
default_hooks = dict(logger=dict(interval=1))
randomness = dict(seed=0)
"""

# SCANet with few channels.
TINY_SCANET = """
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16, 32, 64][:len(_base_.model.neck.in_channels)]),
    roi_head=dict(
        bbox_head=dict(fc_out_channels=32), context_head=dict(fc_out_channels=32)
    ),
    train_cfg=dict(rcnn=dict(sampler=dict(num=16))),
    test_cfg=dict(rpn=dict(max_per_img=10)),
)
"""


@pytest.fixture(scope='session')
def write_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a config on ContextShapes train and test in seconds.

    Its data, the same for all, are made on use.
    """
    folder = tmp_path_factory.mktemp('tiny')

    def write(name: str, base: str, more: str) -> Path:
        path = folder / f'{name}.py'
        path.write_text(TINY.format(root=ROOT, base=base, data=folder / 'data') + more)
        return path

    return write


@pytest.fixture(scope='session')
def tiny_config(write_tiny: Callable[..., Path]) -> Path:
    """Write a config of a tiny SCANet, see ``write_tiny``."""
    return write_tiny('tiny', 'configs/scanet/scanet_r18_fpn_shapes.py', TINY_SCANET)


@pytest.fixture(scope='session')
def tiny_checkpoint(
    tiny_config: Path, tmp_path_factory: pytest.TempPathFactory, registered_modules: Any
) -> Path:
    """Write a checkpoint of ``tiny_config``: not trained, but with scores that differ.

    A fresh model scores every label near its prior of 0.01.
    """
    from mmdet.registry import DATASETS, MODELS

    cfg = Config.fromfile(tiny_config)
    cfg.model.backbone.init_cfg = None
    with DefaultScope.overwrite_default_scope('mmdet'):
        torch.manual_seed(0)
        # mmdet's detectors write into what they are built from.
        model = MODELS.build(copy.deepcopy(cfg.model))
        model.init_weights()
        metainfo = DATASETS.build(cfg.test_dataloader.dataset).metainfo
    for head in (model.roi_head.bbox_head, model.roi_head.context_head):
        torch.nn.init.normal_(head.fc_cls.weight, std=0.5)
        torch.nn.init.normal_(head.fc_cls.bias, std=0.5)
    path = tmp_path_factory.mktemp('tiny-checkpoint') / 'tiny.pth'
    meta = dict(dataset_meta=metainfo, cfg=cfg.pretty_text, epoch=1)
    torch.save(dict(meta=meta, state_dict=model.state_dict()), path)
    return path


@pytest.fixture
def publish(
    tiny_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Replace the zoo by one in ``tmp_path``, whose model ``tiny`` has a checkpoint.

    The cache is empty and lies there, too. Returned is the function that publishes.
    """
    root = tmp_path / 'zoo'
    monkeypatch.setattr('mmscanet.zoo.index.zoo_root', lambda: root)
    monkeypatch.setenv('MMSCANET_CACHE', str(tmp_path / 'cache'))

    def publish(content: bytes, weights: str | None = None, shipped: bool = True):
        """Publish ``content`` at ``weights``; ship the file; return its place.

        ``shipped=False`` announces a file that the repository does not have.
        """
        path = root / 'checkpoints/tiny.pth'
        path.parent.mkdir(parents=True, exist_ok=True)
        if shipped:
            path.write_bytes(content)
        facts = {
            'Training Data': 'ContextShapes',
            'SHA256': hashlib.sha256(content).hexdigest(),
            'Size (bytes)': len(content),
        }
        weights = weights or 'checkpoints/tiny.pth'
        tiny = dict(
            Name='tiny', Config=str(tiny_config), Weights=weights, Metadata=facts
        )
        bare = dict(Name='bare', Config=str(tiny_config))
        (root / 'model-index.yml').write_text(json.dumps({'Import': ['metafile.yml']}))
        (root / 'metafile.yml').write_text(json.dumps({'Models': [tiny, bare]}))
        return path

    return publish


@pytest.fixture(scope='session')
def tiny_weights(tiny_checkpoint: Path) -> bytes:
    """Return the file of ``tiny_checkpoint`` as it would be published: float16."""
    content = torch.load(tiny_checkpoint, weights_only=True)
    state = {
        key: value.half() if value.is_floating_point() else value
        for key, value in content['state_dict'].items()
    }
    file = io.BytesIO()
    torch.save(dict(meta=content['meta'], state_dict=state), file)
    return file.getvalue()


@pytest.fixture
def load_tool() -> Callable[[str], ModuleType]:
    """Import a script of ``tools`` as a module, by its path without suffix."""

    def load(name: str) -> ModuleType:
        path = ROOT / 'tools' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def run_tool(
    load_tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Run a script of ``tools`` with arguments, in this process."""

    def run(name: str, *args: object) -> None:
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        load_tool(name).main()

    return run


@pytest.fixture
def refused(
    run_tool: Callable[..., None], capsys: pytest.CaptureFixture
) -> Callable[..., str]:
    """Run a script that must end with status 2 and an error line; return the line."""

    def run(name: str, *args: object) -> str:
        with pytest.raises(SystemExit) as exit_info:
            run_tool(name, *args)
        assert exit_info.value.code == 2
        line = capsys.readouterr().err.strip().splitlines()[-1]
        assert 'error: ' in line
        return line

    return run


@pytest.fixture
def make_sample() -> Callable[..., Any]:
    """Make a data sample as SCANet leaves it, from scores of labels and of boxes."""
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    def make(
        score: Sequence[float],
        object_score: Sequence[float] | None = None,
        context_score: Sequence[float] | None = None,
        boxes: Sequence[Sequence[float]] = (),
        labels: Sequence[int] = (),
        scores: Sequence[float] = (),
        context_boxes: Sequence[Sequence[float]] | None = None,
    ) -> Any:
        """``boxes``, ``labels`` and ``scores`` are of the boxes, all else of labels."""
        sample = DetDataSample()
        sample.pred_score = torch.tensor(score)
        instances = InstanceData(
            bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4),
            labels=torch.tensor(labels, dtype=torch.long),
            scores=torch.tensor(scores, dtype=torch.float),
        )
        branches = (('object', object_score), ('context', context_score))
        for name, values in branches:
            if values is not None:
                sample.set_field(torch.tensor(values), f'pred_{name}_score')
                instances.set_field(instances.scores.clone(), f'{name}_scores')
        if context_boxes is not None:
            instances.context_bboxes = torch.tensor(context_boxes, dtype=torch.float)
        sample.pred_instances = instances
        return sample

    return make


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Messages of the current logger, which does not pass them on to pytest."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield messages
    logger.removeHandler(handler)
