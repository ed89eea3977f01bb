"""Beginning and ending runs on several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmscanet.engine.distributed import set_launcher
from mmscanet.errors import UsageError


def example() -> Config:
    return Config(dict(model=dict(type='SCANet')))


def test_without_a_gpu_processes_meet_on_gloo(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg, started = example(), []
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.distributed, 'init_process_group', started.append)
    monkeypatch.setenv('LOCAL_RANK', '0')
    monkeypatch.delenv('RANK', raising=False)
    set_launcher(cfg, 'none')
    assert started == []
    assert 'model_wrapper_cfg' not in cfg
    cfg.find_unused_parameters = True
    with pytest.raises(UsageError, match='start the processes with tools/dist_train'):
        set_launcher(cfg, 'pytorch')
    monkeypatch.setenv('RANK', '0')
    set_launcher(cfg, 'pytorch')
    assert started == ['gloo']
    assert cfg.env_cfg.dist_cfg.backend == 'gloo'
    assert cfg.model_wrapper_cfg.device_ids is None
    assert cfg.model_wrapper_cfg.find_unused_parameters
    with pytest.raises(UsageError, match='--launcher pytorch'):
        set_launcher(cfg, 'slurm')


def test_with_a_gpu_the_config_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = example()
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setenv('LOCAL_RANK', '0')
    set_launcher(cfg, 'slurm')
    assert cfg.launcher == 'slurm'
    assert 'model_wrapper_cfg' not in cfg


def test_each_process_of_mpi_wraps_the_model_on_its_own_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setenv('OMPI_COMM_WORLD_LOCAL_RANK', '1')
    # Put back afterwards, as monkeypatch knows it.
    monkeypatch.setenv('LOCAL_RANK', 'unset')
    monkeypatch.delenv('LOCAL_RANK')
    set_launcher(example(), 'mpi')
    assert os.environ['LOCAL_RANK'] == '1'


# A wrapped model in a reference cycle, as a runner's hooks make it.
WORKER = """
import os
import sys

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mmscanet.engine.distributed import close_process_group


def threads():
    return len(os.listdir('/proc/self/task'))


def train():
    model = DistributedDataParallel(nn.Linear(2, 1))
    model.cycle = [model]
    model(torch.ones(1, 2)).sum().backward()
    distributed.all_gather([torch.empty(3)], torch.ones(3))


close_process_group()  # nothing to leave: no error
before = threads()
distributed.init_process_group(
    'gloo', init_method=f'file://{sys.argv[1]}', rank=0, world_size=1
)
train()
assert threads() > before
close_process_group()
assert threads() == before, (before, threads())
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='counts threads in /proc')
def test_no_thread_outlives_the_group(tmp_path: Path) -> None:
    command = [sys.executable, '-c', WORKER, str(tmp_path / 'store')]
    # torch starts threads of its own for many cores and for a GPU.
    env = dict(os.environ, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='')
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
