"""The beginning and the end of runs on several processes."""

import gc
import os

import torch
from mmengine.config import Config, ConfigDict
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import distributed, nn

from mmscanet.errors import UsageError


def set_launcher(cfg: Config, launcher: str, local_rank: int = 0) -> None:
    """Set the launcher; without a GPU, start ``torchrun``'s processes on gloo.

    mmengine selects a CUDA device while it starts the process group and passes it on
    to DistributedDataParallel, and both fail on a machine without one.

    Raises:
        UsageError: ``slurm`` or ``mpi`` on a machine without a GPU, or ``pytorch``
            without ``torchrun``.
    """
    if launcher == 'pytorch' and 'RANK' not in os.environ:
        raise UsageError(
            '--launcher pytorch: start the processes with tools/dist_train.sh, '
            'tools/dist_test.sh or torchrun'
        )
    cfg.launcher = launcher
    if launcher == 'mpi':
        # mmengine chooses the GPU by this, but the wrapper by LOCAL_RANK.
        local_rank = int(os.environ.get('OMPI_COMM_WORLD_LOCAL_RANK', local_rank))
    os.environ.setdefault('LOCAL_RANK', str(local_rank))
    if launcher == 'none' or torch.cuda.is_available():
        return
    if launcher != 'pytorch':
        raise UsageError(
            f'--launcher {launcher}: no CUDA device was found; '
            'several processes on CPUs need --launcher pytorch (tools/dist_train.sh)'
        )
    cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    wrapper = cfg.get('model_wrapper_cfg') or ConfigDict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper.device_ids = None
    cfg.model_wrapper_cfg = wrapper
    if not distributed.is_initialized():
        distributed.init_process_group('gloo')


def bare_model(runner: Runner) -> nn.Module:
    """Return the model of a runner without its distributed wrapper."""
    model = runner.model
    return model.module if is_model_wrapper(model) else model


def close_process_group() -> None:
    """Leave the process group, if there is one, and wait until its threads are gone.

    To be called at the end of a run, when its runner is no longer in use. A thread of
    gloo drops the tensors of a finished operation a little after the operation, which
    takes Python's lock; where the interpreter is going down by then, the process aborts
    and a good run ends with a failure. Destroying the group is not enough, as wrapped
    models keep it, and its threads, alive: they are in reference cycles.
    """
    if not distributed.is_initialized():
        return
    gc.collect()
    distributed.destroy_process_group()
