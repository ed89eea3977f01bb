"""The training and testing commands on a tiny SCANet and tiny ContextShapes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'

# A module that a config imports: kills its process once, as a cluster might.
KILL_ONCE = """
import os
import signal
from pathlib import Path

from mmdet.registry import HOOKS
from mmengine.hooks import Hook


@HOOKS.register_module()
class KillOnce(Hook):
    priority = 'LOWEST'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        mark = Path(runner.work_dir, 'killed')
        if runner.epoch == 1 and batch_idx == 2 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
"""


# Another: all processes validate with the same statistics of BatchNorm.
SAME_BUFFERS = """
import torch
from mmdet.registry import HOOKS
from mmengine.dist import all_gather
from mmengine.hooks import Hook


@HOOKS.register_module()
class SameBuffers(Hook):
    def before_val_iter(self, runner, batch_idx, data_batch=None):
        means = [v for k, v in runner.model.named_buffers() if 'running_mean' in k]
        assert means
        for mean in means:
            assert torch.equal(*all_gather(mean))
"""


def environment() -> dict[str, str]:
    """Return the environment of a process that finds the package and stays small."""
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    bin_dir = str(Path(sys.executable).parent)
    search = os.pathsep.join([bin_dir, os.environ['PATH']])
    return dict(os.environ, PYTHONPATH=path, PATH=search, OMP_NUM_THREADS='1')


@pytest.fixture(scope='module')
def config(tiny_config: Path) -> Path:
    """Give the tiny config a short name."""
    return tiny_config


@pytest.fixture(scope='module')
def killed_and_resumed(config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Kill a run in its second epoch, resume it, and return its folder."""
    work_dir = tmp_path_factory.mktemp('killed')
    (work_dir / 'kill_once.py').write_text(KILL_ONCE)
    killing = work_dir / 'killing.py'
    killing.write_text(
        f"_base_ = '{config}'\n"
        "custom_imports = dict(imports=['mmscanet', 'kill_once'])\n"
        "custom_hooks = [*_base_.custom_hooks, dict(type='KillOnce')]\n"
    )
    command = [sys.executable, str(TOOLS / 'train.py'), str(killing)]
    command += ['--work-dir', str(work_dir), '--tensorboard', '--resume']
    env = environment()
    env['PYTHONPATH'] += os.pathsep + str(work_dir)
    # With nothing to resume yet, --resume starts a run.
    first = subprocess.run(
        command, capture_output=True, text=True, env=env, timeout=120
    )
    (work_dir / 'first.log').write_text(first.stdout + first.stderr)
    assert first.returncode == -signal.SIGKILL, first.stderr[-3000:]
    assert (work_dir / 'last_checkpoint').read_text().endswith('epoch_1.pth')
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    (work_dir / 'second.log').write_text(done.stdout + done.stderr)
    return work_dir


def test_killed_run_loses_only_the_epochs_tail(killed_and_resumed: Path) -> None:
    first = (killed_and_resumed / 'first.log').read_text()
    second = (killed_and_resumed / 'second.log').read_text()
    assert 'eta: ' in first  # progress and time left
    assert 'paramwise_options' not in first
    assert 'Frozen stage: backbone' in first
    assert 'Joint stage from epoch 2 on' in first
    assert 'resumed epoch: 1, iter: 6' in second
    assert 'Epoch(train) [1]' not in second
    assert 'Epoch(train) [2][1/6]' in second
    assert 'Joint stage from epoch 2 on' in second
    checkpoint = torch.load(killed_and_resumed / 'epoch_2.pth', weights_only=False)
    assert (checkpoint['meta']['epoch'], checkpoint['meta']['iter']) == (2, 12)
    # AdamW counts its steps: the new layers have had two epochs of them, the
    # backbone, frozen in the first, one.
    groups = checkpoint['optimizer']['state'].values()
    assert sorted({int(each['step']) for each in groups}) == [6, 12]
    schedule = checkpoint['param_schedulers'][0]
    assert schedule['_global_step'] == 2
    assert schedule['_last_value'][0] == pytest.approx(1e-4)


def test_tensorboard_events_are_written(killed_and_resumed: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    last_run = sorted(killed_and_resumed.glob('*/vis_data'))[-1]
    events = EventAccumulator(str(last_run))
    events.Reload()
    assert {'loss', 'multi-label/mAP'} <= set(events.Tags()['scalars'])


def test_scores_file_holds_what_was_measured(
    config: Path,
    killed_and_resumed: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> None:
    out = tmp_path / 'new' / 'scores.npz'
    checkpoint = killed_and_resumed / 'epoch_2.pth'
    run_tool('test', config, checkpoint, '--work-dir', tmp_path, '--out', out)
    with np.load(out, allow_pickle=False) as scores:
        assert scores['pred_score'].shape == scores['gt_score'].shape == (4, 11)
    trained = sorted(killed_and_resumed.glob('*/vis_data/scalars.json'))[-1]
    validated = [json.loads(line) for line in trained.read_text().splitlines()]
    measured = json.loads(next(tmp_path.glob('*/*.json')).read_text())
    assert measured['multi-label/mAP'] == pytest.approx(
        validated[-1]['multi-label/mAP'], abs=1e-3
    )
    assert measured['multi-label/num_images'] == 4


def test_checkpoint_of_a_run_can_be_published(
    config: Path,
    killed_and_resumed: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> None:
    """Its own config, as mmengine has stored it, has the model of the config file."""
    checkpoint = killed_and_resumed / 'epoch_2.pth'
    run_tool('misc/publish_model', config, checkpoint, '--out-dir', tmp_path)
    (published,) = tmp_path.glob(f'{config.stem}-*.pth')
    content = torch.load(published, weights_only=True)
    assert (content['meta']['epoch'], content['meta']['iter']) == (2, 12)


def test_finished_run_says_so(
    config: Path,
    killed_and_resumed: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> None:
    checkpoint = killed_and_resumed / 'epoch_2.pth'
    # What a first start begins with is not asked for again: it may be out of reach.
    start = "dict(type='Pretrained', checkpoint='gone.pth', _delete_=True)"
    child = tmp_path / 'child.py'
    child.write_text(
        f"_base_ = '{config}'\nmodel = dict(backbone=dict(init_cfg={start}))\n"
    )
    run_tool('train', child, '--work-dir', tmp_path, '--resume', checkpoint)
    log = next(tmp_path.glob('*/*.log')).read_text()
    assert 'is finished: 2 epochs' in log
    assert 'Epoch(train)' not in log


def test_wrong_checkpoints_are_refused(
    config: Path, killed_and_resumed: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    line = refused('test', config, tmp_path / 'none.pth')
    assert 'none.pth does not exist' in line
    # a model that differs in one layer, which mmengine would only warn about
    line = refused(
        *('test', config, killed_and_resumed / 'epoch_2.pth'),
        *('--work-dir', tmp_path, '--cfg-options'),
        'model.roi_head.context_head.fc_out_channels=16',
    )
    assert 'not of this model' in line
    assert 'roi_head.context_head.' in line


def free_port() -> int:
    """Return a TCP port that is free now."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def test_two_processes_train_on_cpus(
    config: Path, killed_and_resumed: Path, tmp_path: Path
) -> None:
    """Both stages, validation on both processes, and equal weights on them."""
    (tmp_path / 'same_buffers.py').write_text(SAME_BUFFERS)
    checked = tmp_path / 'checked.py'
    checked.write_text(
        f"_base_ = '{config}'\n"
        "custom_imports = dict(imports=['mmscanet', 'same_buffers'])\n"
        "custom_hooks = [*_base_.custom_hooks, dict(type='SameBuffers')]\n"
    )
    env = dict(environment(), PORT=str(free_port()), CUDA_VISIBLE_DEVICES='')
    env['PYTHONPATH'] += os.pathsep + str(tmp_path)
    done = subprocess.run(
        [TOOLS / 'dist_train.sh', checked, '2', '--work-dir', tmp_path],
        capture_output=True,
        text=True,
        env=env,
        timeout=400,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    log = done.stdout + done.stderr
    assert 'GPU number: 2' in log  # mmengine's word for processes
    assert 'Epoch(train) [2][3/3]' in log
    assert 'Joint stage from epoch 2 on' in log
    assert 'multi-label/mAP' in log
    state = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)['state_dict']
    frozen = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)['state_dict']
    moved = {key for key in state if not torch.equal(state[key], frozen[key])}
    assert any(key.startswith('backbone.') for key in moved)
    assert all(torch.isfinite(value).all() for value in state.values())


def test_ctrl_c_names_the_way_on(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    run_tool: Callable[..., None],
) -> None:
    def interrupt(runner: Runner) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Runner, 'train', interrupt)
    with pytest.raises(SystemExit) as exit_info:
        run_tool('train', config, '--work-dir', tmp_path)
    assert exit_info.value.code == 130
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith('stopped; the same command with --resume goes on')


@pytest.fixture
def options(load_tool: Callable[[str], ModuleType]) -> Callable[[str], set[str]]:
    """Return the names of all arguments of a command."""

    def names(tool: str) -> set[str]:
        actions = load_tool(tool).build_parser()._actions
        return {name for each in actions for name in each.option_strings or [each.dest]}

    return names


def test_command_lines_are_frozen(options: Callable[[str], set[str]]) -> None:
    """People's scripts call these; adding is fine, renaming is not."""
    common = {'-h', '--help', 'config', '--data-root', '--cfg-options'}
    runner = {'--work-dir', '--launcher', '--local_rank', '--local-rank'}
    assert options('train') == common | runner | {
        *('--amp', '--auto-scale-lr', '--resume', '--seed', '--tensorboard'),
    }
    assert options('test') == common | runner | {
        *('checkpoint', '--out', '--show', '--show-dir', '--tta', '--wait-time'),
    }
    assert options('analysis_tools/browse_dataset') == common | {
        *('--output-dir', '--split', '--max-images'),
    }
    assert options('analysis_tools/benchmark') == common | {
        *('--shape', '--batch-size', '--repeats', '--warmup', '--device'),
        *('--threads', '--same-patches', '--staged', '--no-memory', '--out'),
    }


@pytest.mark.parametrize(
    'script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh']
)
def test_shell_scripts_explain_themselves(script: str) -> None:
    done = subprocess.run([TOOLS / script], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith('usage: ')
