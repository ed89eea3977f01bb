"""The frozen stage, the switch, resuming, and two real processes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from mmscanet.engine import StagedTrainingHook


class ToyData(Dataset):
    """Eight vectors of four numbers and their targets."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict:
        generator = torch.Generator().manual_seed(index)
        x = torch.randn(4, generator=generator)
        return dict(inputs=x, data_samples=x.sum())


class ToyModel(BaseModel):
    """A backbone with a layer frozen for good, batch norm; a head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(
            nn.Linear(4, 4), nn.Linear(4, 4), nn.BatchNorm1d(4)
        )
        self.backbone[0].requires_grad_(False)
        self.head = nn.Linear(4, 1)
        self.feature_had_grad: list[bool] = []

    def forward(self, inputs, data_samples=None, mode='tensor'):
        inputs = torch.stack(list(inputs))
        feature = self.backbone(inputs)
        self.feature_had_grad.append(feature.requires_grad)
        out = self.head(feature).squeeze(1)
        if mode == 'loss':
            return dict(loss=(out - torch.stack(list(data_samples))).square().mean())
        return [dict(value=value) for value in out]


class Scores(BaseMetric):
    """Gives prepared scores, one a validation, chosen by the epoch."""

    def __init__(self, scores: list[float], calls: list[int]) -> None:
        super().__init__()
        self.scores, self.calls = scores, calls

    def process(self, data_batch, data_samples) -> None:
        self.results.append(0)

    def compute_metrics(self, results) -> dict:
        epoch = EpochCounter.current
        self.calls.append(epoch)
        return {'multi-label/mAP': self.scores[epoch - 1]}


class EpochCounter(Hook):
    """Tells ``Scores`` how many epochs are done."""

    current = 0
    priority = 'HIGHEST'

    def before_val(self, runner) -> None:
        EpochCounter.current = runner.epoch


class Recorder(Hook):
    """Notes the state of the model at the end of every iteration."""

    priority = 'LOWEST'

    def __init__(self, stop_in: int | None = None) -> None:
        self.stages: list[str] = []
        self.grads: dict[str, torch.Tensor | None] = {}
        self.stop_in = stop_in

    def before_train(self, runner) -> None:
        # the gradients are gone after the step
        def note(*_) -> None:
            model = getattr(runner.model, 'module', runner.model)
            self.grads = {k: p.grad for k, p in model.named_parameters()}

        runner.optim_wrapper.optimizer.register_step_pre_hook(note)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = getattr(runner.model, 'module', runner.model)
        layers = model.backbone
        joint = layers[1].weight.requires_grad
        assert layers.training == layers[2].training == joint
        assert model.feature_had_grad[-1] == joint
        assert (self.grads['backbone.1.weight'] is not None) == joint
        assert self.grads['backbone.0.weight'] is None
        assert self.grads['head.weight'] is not None
        if batch_idx == 0:
            self.stages.append('joint' if joint else 'frozen')

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.epoch == self.stop_in:
            raise KeyboardInterrupt


def make_runner(
    work_dir: Path,
    hook: dict,
    scores: list[float] | None = None,
    epochs: int = 5,
    calls: list[int] | None = None,
    stop_in: int | None = None,
    **kwargs,
) -> tuple[Runner, Recorder]:
    """Build a runner on the toy model; ``scores`` turns validation on."""
    recorder = Recorder(stop_in)
    loader = dict(dataset=ToyData(), batch_size=4, num_workers=0)
    loader['sampler'] = dict(type='DefaultSampler', shuffle=True)
    if scores is not None:
        calls = [] if calls is None else calls
        val_loader = dict(loader, sampler=dict(type='DefaultSampler', shuffle=False))
        kwargs.update(
            val_dataloader=val_loader,
            val_cfg=dict(),
            val_evaluator=[Scores(scores, calls)],
        )
    runner = Runner(
        model=ToyModel(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.05, momentum=0.5, weight_decay=0.1)
        ),
        custom_hooks=[
            StagedTrainingHook(**hook),
            EpochCounter(),
            recorder,
        ],
        randomness=dict(seed=1),
        default_scope='mmdet',
        experiment_name=f'{work_dir.name}-{os.urandom(4).hex()}',
        log_level='WARNING',
        **kwargs,
    )
    return runner, recorder


def test_switches_at_an_epoch(tmp_path: Path) -> None:
    runner, recorder = make_runner(tmp_path, dict(switch_epoch=2), epochs=3)
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    seen = {}

    class Compare(Hook):
        def after_train_epoch(self, runner):
            after = runner.model.state_dict()
            seen[runner.epoch] = {
                k for k in before if not torch.equal(before[k], after[k])
            }

    runner.register_hook(Compare())
    runner.train()
    assert recorder.stages == ['frozen', 'frozen', 'joint']
    # no gradient, no weight decay, no batch statistics
    assert seen[1] == {'head.weight', 'head.bias'}
    assert {'backbone.1.weight', 'backbone.2.running_mean'} <= seen[2]
    # what the model itself keeps frozen stays so
    assert 'backbone.0.weight' not in seen[2]
    assert not runner.model.backbone[0].weight.requires_grad


def test_the_log_claims_no_more_than_the_hook_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {}
    for epoch in (0, 1):
        runner, _ = make_runner(tmp_path, dict(switch_epoch=epoch), epochs=2)
        lines = []
        monkeypatch.setattr(runner.logger, 'info', lines.append)
        runner.train()
        (said[epoch],) = (line for line in lines if str(line).startswith('Joint'))
    assert said[0] == 'Joint stage from epoch 1 on: this hook freezes nothing'
    # a linear layer's and a norm's; the other linear layer stays frozen
    assert said[1].endswith('epoch 2 on: backbone trained too (4 tensors unfrozen)')


def test_a_finished_run_that_is_resumed_does_not_warn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for resume in (False, True):
        runner, _ = make_runner(tmp_path, {}, [50], epochs=1, resume=resume)
        monkeypatch.setattr(runner.logger, 'warning', said.append)
        runner.train()
        (line,) = (each for each in said if 'ended in the frozen stage' in each)
    assert line.endswith('all epochs were run with backbone frozen')


def test_zero_epochs_is_joint_from_the_start(tmp_path: Path) -> None:
    runner, recorder = make_runner(tmp_path, dict(switch_epoch=0), epochs=1)
    runner.train()
    assert recorder.stages == ['joint']


@pytest.mark.parametrize(
    ('scores', 'hook', 'frozen_epochs'),
    [
        ([50, 60, 60, 60, 60], dict(patience=1), 3),
        ([50, 60, 60, 60, 60], dict(patience=2), 4),
        ([50, 60, 55, 61, 60], dict(patience=2), 5),  # 61 starts the count anew
        ([50, 50.5, 60, 61, 62], dict(patience=1, min_delta=1.0), 2),
        ([50, 60, 70, 80, 90], dict(patience=1, max_frozen_epochs=3), 3),
        ([50, float('nan'), 70, 80, 90], dict(patience=1), 2),
        ([50, 60, 70, 80, 90], dict(patience=1), 5),
    ],
)
def test_switches_when_the_metric_stops_rising(
    tmp_path: Path, scores: list[float], hook: dict, frozen_epochs: int
) -> None:
    runner, recorder = make_runner(tmp_path, hook, scores)
    runner.train()
    assert recorder.stages == ['frozen'] * frozen_epochs + ['joint'] * (
        5 - frozen_epochs
    )


def test_missing_metric_is_named(tmp_path: Path) -> None:
    runner, _ = make_runner(tmp_path, dict(monitor='coco/bbox_mAP'), [50] * 5)
    with pytest.raises(ValueError, match=r'coco/bbox_mAP.*give multi-label/mAP'):
        runner.train()


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='patience must be at least 1'):
        StagedTrainingHook(patience=0)
    with pytest.raises(ValueError, match='switch_epoch must be at least 0'):
        StagedTrainingHook(switch_epoch=-1)
    runner, _ = make_runner(tmp_path, dict(module='bakbone', switch_epoch=1))
    with pytest.raises(ValueError, match=r'"bakbone".*has .*backbone, head'):
        runner.train()
    runner, _ = make_runner(tmp_path, dict())
    with pytest.raises(ValueError, match='set switch_epoch or add a val_dataloader'):
        runner.train()


@pytest.mark.parametrize('stop_in', [1, 2, 3, 4])
@pytest.mark.parametrize('by_metric', [False, True])
def test_resuming_equals_an_uninterrupted_run(
    tmp_path: Path, stop_in: int, by_metric: bool
) -> None:
    """Broken off in either stage, or between a validation and the switch."""
    hook = dict(patience=2) if by_metric else dict(switch_epoch=3)
    scores = [60, 60, 60, 10, 10] if by_metric else None
    whole, recorder = make_runner(tmp_path / 'whole', hook, scores)
    whole.train()
    assert recorder.stages == ['frozen'] * 3 + ['joint'] * 2

    first, before = make_runner(tmp_path / 'cut', hook, scores, stop_in=stop_in)
    with pytest.raises(KeyboardInterrupt):
        first.train()
    calls: list[int] = []
    second, after = make_runner(
        tmp_path / 'cut', hook, scores, calls=calls, resume=True
    )
    second.train()
    assert before.stages + after.stages == recorder.stages
    if by_metric:
        # a frozen epoch's lost validation is repeated, a joint one's is not
        first_call = stop_in if stop_in <= 3 else stop_in + 1
        assert calls == list(range(first_call, 6))
    for key, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[key]), key


WORKER = """
import os
import sys
import weakref
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmscanet.engine.distributed import close_process_group

sys.path.insert(0, sys.argv[1])
from test_staged_training_hook import Recorder, make_runner

dist.init_process_group('gloo')
rank = dist.get_rank()
wrappers = []


class Watch(Hook):
    priority = 'VERY_LOW'

    def __init__(self, recorder):
        self.recorder = recorder

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if not wrappers or wrappers[-1]() is not runner.model:
            wrappers.append(weakref.ref(runner.model))
        # gradients are averaged: the same on every process, for every parameter
        for name, grad in self.recorder.grads.items():
            if grad is None:
                continue
            both = [torch.empty_like(grad) for _ in range(2)]
            dist.all_gather(both, grad)
            assert torch.equal(*both), name


def train():
    runner, recorder = make_runner(
        Path(sys.argv[2]), dict(patience=1), [50, 50, 50], epochs=3, launcher='pytorch',
        cfg=dict(
            model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None)
        ),
    )
    runner.register_hook(Watch(recorder))
    start = {k: v.clone() for k, v in runner.model.module.state_dict().items()}
    runner.train()
    assert recorder.stages == ['frozen', 'frozen', 'joint'], recorder.stages
    assert len(wrappers) == 2
    assert wrappers[0]() is None, 'the old wrapper is still alive'
    end = runner.model.module.state_dict()
    assert not torch.equal(start['backbone.1.weight'], end['backbone.1.weight'])
    for name, param in runner.model.module.named_parameters():
        both = [torch.empty_like(param) for _ in range(2)]
        dist.all_gather(both, param.detach())
        assert torch.equal(*both), name


train()
close_process_group()
# In one piece: the two processes share the pipe.
os.write(1, f'ALL GOOD {rank}\\n'.encode())
"""


def free_port() -> int:
    """Return a TCP port that is free now."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def test_two_processes_stay_equal_across_the_switch(tmp_path: Path) -> None:
    script = tmp_path / 'worker.py'
    script.write_text(WORKER)
    here = Path(__file__).parent
    command = [
        *(sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2'),
        *(
            f'--master_port={free_port()}',
            str(script),
            str(here),
            str(tmp_path / 'run'),
        ),
    ]
    env = dict(os.environ, OMP_NUM_THREADS='1')
    root = str(here.parents[1])
    env['PYTHONPATH'] = os.pathsep.join([root, env.get('PYTHONPATH', '')])
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'ALL GOOD 0' in done.stdout
    assert 'ALL GOOD 1' in done.stdout
