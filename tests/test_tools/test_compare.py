"""One command trains, measures and tabulates; a stop or a failure costs one run."""

import csv
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from mmdet.registry import DATASETS
from mmengine.config import Config

from mmscanet.comparison import Run
from mmscanet.comparison import run as run_module
from mmscanet.evaluation import ScoreTable

ROOT = Path(__file__).resolve().parents[2]
NO_CONTEXT = (
    'model = dict(roi_head=dict(context_roi_extractor=None, context_head=None))'
)


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """Take back what the tool does at the signal to end."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def write_config(tiny_config: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a config that differs from the tiny one in some lines."""

    def write(name: str, lines: str = '') -> Path:
        path = tmp_path / f'{name}.py'
        path.write_text(f"_base_ = '{tiny_config}'\n{lines}\n")
        return path

    return write


@pytest.fixture
def compare(
    load_tool: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., int]:
    """Run the tool in this process; its runs and tables go to ``tmp_path``."""

    def run(*args: object) -> int:
        folders = ('--work-dir', tmp_path / 'runs', '--out-dir', tmp_path / 'out')
        monkeypatch.setattr(sys, 'argv', ['compare', *map(str, (*args, *folders))])
        return load_tool('compare').main()

    return run


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Let train and test be called in name only; return who was asked for what.

    A test gives every image the scores 0.75, or those of its labels to 'good' ones.
    """
    calls = []

    def call(command: list[str], log: Path) -> None:
        tool, stem = Path(command[1]).stem, Path(command[2]).stem
        seed = log.parent.name.split('-')[0].removeprefix('seed')
        calls.append((tool, f'{stem}-{seed}'))
        if tool == 'train':
            folder = log.parent / 'train'
            folder.mkdir(exist_ok=True)
            (folder / 'last_checkpoint').write_text('epoch_2.pth')
            return
        dataset = DATASETS.build(Config.fromfile(command[2]).test_dataloader.dataset)
        infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        records = [
            dict(
                img_id=info['img_id'],
                gt_score=info['gt_score'],
                gt_area=info['gt_area'],
                pred_score=info['gt_score'] * (0.5 if 'good' in stem else 0) + 0.25,
            )
            for info in infos
        ]
        table = ScoreTable.from_records(records, dataset.metainfo['classes'])
        table.save(log.parent / 'scores.npz')

    monkeypatch.setattr(run_module, '_call', call)
    return calls


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_a_comparison_for_real(write_config, compare, tmp_path, monkeypatch, capsys):
    """A tiny model is trained and tested; one that cannot be built is reported."""
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    monkeypatch.setenv('PYTHONPATH', path)
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    broken = write_config('broken_r18_shapes', 'model = dict(backbone=dict(depth=7))')
    tiny = write_config('tiny_r18_fpn_shapes_object-only', NO_CONTEXT)
    command = (broken, tiny, '--seeds', 4, '--cfg-options', 'train_cfg.max_epochs=1')
    assert compare(*command) == 1
    output = capsys.readouterr()
    assert 'failed: broken_r18_shapes, seed 4: the model cannot be measured' in (
        output.err
    )
    assert f'tools/train.py {tiny} --work-dir' in output.out
    assert '| tiny object-only |' in output.out
    table = tmp_path / 'out/shapes-r18.csv'
    (row,) = rows(table)
    assert (row['method'], row['seed']) == ('tiny object-only', '4')
    assert 0 < float(row['mAP']) <= 100
    assert float(row['train_seconds']) > 0
    assert float(row['predict_seconds']) > 0
    (checkpoint,) = tmp_path.glob('runs/tiny*/*/train/epoch_*.pth')
    assert checkpoint.name == 'epoch_1.pth'
    for suffix in ('.json', '.md', '.png'):
        assert table.with_suffix(suffix).stat().st_size > 0


def test_done_runs_are_not_done_again(write_config, compare, called, tmp_path, capsys):
    configs = [write_config(f'{name}_r18_shapes') for name in ('good', 'poor')]
    assert compare(*configs, '--seeds', 0, 1) == 0
    # All methods of a seed come before the next seed.
    names = ['good_r18_shapes-0', 'poor_r18_shapes-0']
    names += ['good_r18_shapes-1', 'poor_r18_shapes-1']
    assert called == [(tool, each) for each in names for tool in ('train', 'test')]
    files = {path: path.read_bytes() for path in (tmp_path / 'out').iterdir()}
    assert len(files) == 4
    called.clear()
    assert compare(*configs, '--seeds', 0, 1) == 0
    assert called == []
    assert {path: path.read_bytes() for path in files} == files
    assert '[4/4] poor_r18_shapes, seed 1, done before' in capsys.readouterr().out
    # What has a score file is measured only; another seed is added to the table.
    (record,) = tmp_path.glob('runs/good_r18_shapes/seed0-*/run.json')
    record.unlink()
    assert compare(configs[0], '--seeds', 0, 2) == 0
    assert called == [('train', 'good_r18_shapes-2'), ('test', 'good_r18_shapes-2')]
    table = rows(tmp_path / 'out/shapes-r18.csv')
    assert [(row['method'], row['seed'], row['mAP']) for row in table[:3]] == [
        *(('good', '0', '100'), ('good', '1', '100'), ('good', '2', '100'))
    ]
    assert [row['seed'] for row in table[3:]] == ['0', '1']
    assert float(table[3]['mAP']) < 100


def test_a_config_that_changes_meanwhile_is_not_run(
    write_config, compare, called, tmp_path, capsys, monkeypatch
):
    """Its row would stand for what was planned, and be of something else."""
    first, second = (write_config(f'{name}_r18_shapes') for name in ('good', 'poor'))
    call = run_module._call

    def edit_second(command, log):
        with second.open('a') as file:
            file.write('optim_wrapper = dict(optimizer=dict(lr=0.1))\n')
        call(command, log)

    monkeypatch.setattr(run_module, '_call', edit_second)
    assert compare(first, second, '--seeds', 0) == 1
    error = capsys.readouterr().err
    assert 'failed: poor_r18_shapes, seed 0: its config has changed since' in error
    assert {name for _, name in called} == {'good_r18_shapes-0'}
    assert [row['method'] for row in rows(tmp_path / 'out/shapes-r18.csv')] == ['good']


def test_ctrl_c_leaves_what_is_done(
    write_config, compare, called, tmp_path, monkeypatch, capsys
):
    configs = [write_config(f'{name}_r18_shapes') for name in ('good', 'poor')]
    call = run_module._call

    def stopped(command: list[str], log: Path) -> None:
        if 'poor' in command[2]:
            raise KeyboardInterrupt
        call(command, log)

    monkeypatch.setattr(run_module, '_call', stopped)
    with pytest.raises(SystemExit) as exit_info:
        compare(*configs, '--seeds', 0)
    assert exit_info.value.code == 130
    assert 'the same command goes on from there' in capsys.readouterr().err
    assert [row['method'] for row in rows(tmp_path / 'out/shapes-r18.csv')] == ['good']


def test_two_comparisons_at_once_keep_each_others_rows(
    write_config, compare, called, tmp_path, monkeypatch
):
    """While one trains, another one begins and ends."""
    first, second = (write_config(f'{name}_r18_shapes') for name in ('good', 'poor'))
    call = run_module._call
    status = []

    def compare_the_other(command: list[str], log: Path) -> None:
        if not status:
            status.append(None)
            status.append(compare(second, '--seeds', 0))
        call(command, log)

    monkeypatch.setattr(run_module, '_call', compare_the_other)
    assert compare(first, '--seeds', 0) == 0
    assert status == [None, 0]
    table = rows(tmp_path / 'out/shapes-r18.csv')
    assert [row['method'] for row in table] == ['good', 'poor']
    assert '| poor ' in (tmp_path / 'out/shapes-r18.md').read_text()
    assert len(list((tmp_path / 'out').iterdir())) == 4  # no lock is left


def test_a_row_that_is_replaced_is_told_of(
    write_config, compare, called, tmp_path, capsys
):
    config = write_config('good_r18_shapes')
    assert compare(config, '--seeds', 0) == 0
    assert compare(config, '--seeds', 0) == 0
    assert 'takes the place' not in capsys.readouterr().out
    table = tmp_path / 'out/shapes-r18.csv'
    (before,) = rows(table)
    option = 'optim_wrapper.optimizer.lr=0.05'
    assert compare(config, '--seeds', 0, '--cfg-options', option) == 0
    (after,) = rows(table)
    assert after['recipe'] != before['recipe']
    assert (
        f'good_r18_shapes, seed 0: the row of run {after["run"]} takes the place of '
        f'that of run {before["run"]}, of another training recipe, in {table}\n'
    ) in capsys.readouterr().out


def test_a_termination_ends_the_training_too(
    write_config, compare, tmp_path, monkeypatch, capsys
):
    """As of a job that a scheduler ends; the training itself asks for it here."""
    code = (
        'import os, signal, time; print(os.getpid(), flush=True); '
        'os.kill(os.getppid(), signal.SIGTERM); time.sleep(20)'
    )
    monkeypatch.setattr(Run, 'train_command', lambda run: [sys.executable, '-c', code])
    monkeypatch.setattr(run_module, 'count_cost', lambda *_: {})
    # Else a tool that does not mind the signal would end the tests.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with pytest.raises(SystemExit) as exit_info:
        compare(write_config('good_r18_shapes'), '--seeds', 0)
    assert exit_info.value.code == 130
    assert 'the same command goes on from there' in capsys.readouterr().err
    (log,) = tmp_path.glob('runs/good_r18_shapes/*/train.log')
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)


def test_configs_of_different_protocols_are_refused(
    write_config, compare, called, tmp_path, capsys
):
    good = write_config('good_r18_shapes')
    longer = write_config('longer_r18_shapes', 'train_cfg = dict(max_epochs=3)')
    with pytest.raises(SystemExit):
        compare(good, longer)
    line = capsys.readouterr().err.strip()
    assert line.startswith(f'error: {good} and {longer} cannot stand in one table')
    assert line.endswith('budget: 2 epochs and 3 epochs')
    assert called == []
    # The same for a table that is there already.
    assert compare(good, '--seeds', 0) == 0
    before = (tmp_path / 'out/shapes-r18.csv').read_bytes()
    called.clear()
    with pytest.raises(SystemExit):
        compare(longer, '--seeds', 0)
    assert 'shapes-r18.csv and these runs cannot' in capsys.readouterr().err
    assert called == []
    assert (tmp_path / 'out/shapes-r18.csv').read_bytes() == before
    # With a common budget they can be compared, elsewhere.
    options = ('--seeds', 0, '--cfg-options', 'train_cfg.max_epochs=1')
    assert compare(good, longer, *options, '--dataset', 'short') == 0
    assert len(rows(tmp_path / 'out/short-r18.csv')) == 2


def test_a_run_on_other_data_is_refused_and_the_others_go_on(
    write_config, compare, called, capsys
):
    """Scores of a finished run whose data have changed since."""
    configs = [write_config(f'{name}_r18_shapes') for name in ('good', 'poor')]
    assert compare(configs[0], '--seeds', 0) == 0
    (record,) = configs[0].parent.glob('runs/good_r18_shapes/*/run.json')
    text = record.read_text()
    record.write_text(text.replace('"train_images": 12', '"train_images": 11'))
    assert compare(*configs, '--seeds', 0) == 1
    error = capsys.readouterr().err
    assert 'images trained on: 12 and 11' in error
    assert ('test', 'poor_r18_shapes-0') in called


def test_pretraining_on_the_pictures_is_warned_of(
    write_config, compare, called, tmp_path, monkeypatch, capsys
):
    split = 'mmscanet.comparison.overlap.evaluation_split'
    monkeypatch.setattr(split, lambda cfg: 'COCO val2014')
    config = write_config('good_r18_shapes', "load_from = 'frcnn_r50_coco_1.pth'")
    assert compare(config, '--seeds', 0, 1) == 0
    warning = f'warning: {config}: frcnn_r50_coco_1.pth was trained on COCO train2017'
    assert capsys.readouterr().err.count(warning) == 1
    for row in rows(tmp_path / 'out/shapes-r18.csv'):
        assert row['seen_in_pretraining'] == '35504'


@pytest.mark.parametrize(
    ('names', 'lines', 'words'),
    [
        (['a_r18_shapes', 'a_r50_shapes'], '', 'are of shapes-r18, shapes-r50'),
        (['mine'], '', 'mine.py: the name does not say'),
        (['a_r18_shapes'], 'test_evaluator = []', 'not exactly one MultiLabelMetric'),
        (
            ['a_r18_shapes'],
            'test_dataloader = dict(dataset=dict(pipeline=['
            "dict(type='RevealLabels', fraction=0.5)]))",
            'a_r18_shapes.py: its test pipeline changes the labels (RevealLabels), so',
        ),
        (['a_r18_shapes', 'a_r18_shapes'], '', 'two configs have the same name'),
    ],
)
def test_mistakes_are_one_line(names, lines, words, write_config, refused, tmp_path):
    configs = [write_config(name, lines) for name in names]
    assert words in refused('compare', *configs, '--work-dir', tmp_path / 'runs')


def test_a_config_that_is_not_there_is_not_blamed_for_its_name(refused, tmp_path):
    folders = ('--work-dir', tmp_path / 'runs', '--out-dir', tmp_path / 'out')
    error = refused('compare', 'nope.py', *folders)
    assert error == 'error: config file nope.py does not exist'


def test_folders_are_checked_first(refused, tmp_path):
    (tmp_path / 'file').touch()
    error = refused('compare', 'none.py', '--work-dir', tmp_path / 'file' / 'in')
    assert error.startswith('error: cannot write to')


def test_default_configs_can_be_compared(load_tool, monkeypatch):
    tool = load_tool('compare')
    alike = SimpleNamespace(differences=lambda other: [])
    monkeypatch.setattr(tool.Protocol, 'of_config', lambda cfg, name: alike)
    runs: list[Run] = tool.plan(tool.build_parser().parse_args(['--data-root', 'x']))
    assert [run.seed for run in runs[:: len(runs) // 3]] == [0, 1, 2]
    assert runs[0].config == ROOT / 'configs/scanet/scanet_r18_fpn_shapes.py'
    assert runs[0].options == ('--data-root', 'x')
