"""A run's commands, and what is read from what they leave behind."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from mmengine.config import Config

from mmscanet.comparison import ConfigName, Protocol, Run, RunFailed
from mmscanet.comparison import run as run_module
from mmscanet.comparison.recipe import recipe
from mmscanet.comparison.run import count_cost
from mmscanet.evaluation import METRIC_VERSION, ScoreTable
from mmscanet.lock import only_process

GT = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], np.int8)
TABLE = ScoreTable(
    img_id=np.array(['1', '2', '3', '4']),
    # The first label is ranked 1, 3, 2, 4 (AP 1), the second 2, 1, 3, 4 (AP 5/6).
    pred_score=np.array([[0.9, 0.8], [0.1, 0.9], [0.8, 0.7], [0.0, 0.0]], np.float32),
    gt_score=GT,
    gt_area=GT.astype(np.float32),
    classes=np.array(['cat', 'dog']),
)
RECORD = dict(
    parameters=7,
    flops=8,
    train_seconds=0.5,
    predict_seconds=0.1,
    machine='a CPU',
    **dict.fromkeys(('python', 'mmscanet', 'torch', 'mmengine', 'mmcv', 'mmdet'), '1'),
)


@pytest.fixture
def make_run(tmp_path: Path, protocol: Protocol) -> Callable[..., Run]:
    def make(seed: int = 3, protocol: Protocol = protocol, **cfg: object) -> Run:
        loader = dict(batch_size=4, dataset=dict(ann_file='mine.json'))
        cfg = dict(train_dataloader=loader, test_dataloader=loader, model={}, **cfg)
        cfg.setdefault('train_cfg', dict(max_epochs=2))
        return Run(
            config=Path('configs/csra_r18_shapes.py'),
            cfg=Config(cfg),
            name=ConfigName('csra', 'r18', 'shapes'),
            seed=seed,
            protocol=protocol,
            options=('--data-root', 'my data', '--cfg-options', 'a.b=1'),
            work_dir=tmp_path,
            tools=Path('tools'),
        )

    return make


def finish(run: Run) -> None:
    run.folder.mkdir(parents=True)
    TABLE.save(run.folder / 'scores.npz')
    record = dict(protocol=run.protocol.to_json(), **RECORD)
    (run.folder / 'run.json').write_text(json.dumps(record))


def test_commands_are_those_of_the_tools(make_run):
    run = make_run()
    train, test = run.train_command(), run.test_command('epoch_8.pth')
    options = ['--data-root', 'my data', '--cfg-options', 'a.b=1']
    assert train == [
        *(sys.executable, 'tools/train.py', 'configs/csra_r18_shapes.py'),
        *('--work-dir', str(run.folder / 'train'), '--resume', '--seed', '3'),
        *options,
    ]
    assert test[1:4] == ['tools/test.py', 'configs/csra_r18_shapes.py', 'epoch_8.pth']
    assert test[test.index('--out') + 1] == str(run.folder / 'scores.npz')
    assert test[-4:] == options


def test_another_config_or_seed_is_another_run(make_run):
    folders = {
        make_run().folder,
        make_run(seed=4).folder,
        make_run(optim_wrapper=dict(lr=1.0)).folder,
        make_run(default_hooks=dict(ema=dict(type='EMAHook'))).folder,
    }
    assert len(folders) == 4
    shown = dict(default_hooks=dict(logger=dict(interval=9)), visualizer=dict(type='V'))
    assert make_run(**shown).folder == make_run().folder
    assert make_run().folder in folders


def test_row_is_measured_from_the_score_file(make_run):
    run = make_run()
    assert not run.is_done
    finish(run)
    assert run.is_done
    row = run.row()
    assert row.values['mAP'] == pytest.approx(100 * (1 + 5 / 6) / 2)
    assert row.values['mAP_large'] is None
    assert row.values['train_seconds'] == 0.5
    assert row.values['seen_in_pretraining'] == 0
    assert row.values['recipe'] == recipe(run.cfg)
    assert (row.values['method'], row.values['config']) == ('csra', 'csra_r18_shapes')
    assert row.protocol.metric_version == METRIC_VERSION
    assert row.protocol.test_digest == 'aaaa'


def test_damaged_files_are_named(make_run, monkeypatch):
    monkeypatch.setattr(run_module, 'count_cost', lambda *_: {})
    run = make_run()
    finish(run)
    (run.folder / 'scores.npz').write_bytes(b'PK')
    damaged = f'{run.folder} is damaged, remove it: '
    with pytest.raises(RunFailed, match=damaged):
        run.row()
    (run.folder / 'run.json').unlink()
    with pytest.raises(RunFailed, match=damaged):
        run.execute()


def test_another_comparison_at_the_same_run_is_waited_for(
    make_run, monkeypatch, capsys
):
    monkeypatch.setattr(run_module, 'count_cost', lambda *_: 1 / 0)
    waits, say = Event(), run_module._say_that_it_waits
    # Looking at the output again and again loses what is printed meanwhile.
    monkeypatch.setattr(run_module, '_say_that_it_waits', lambda: (say(), waits.set()))
    run = make_run()
    run.folder.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        with only_process(run.folder / 'run.json'):
            call = pool.submit(run.execute)
            assert waits.wait(timeout=60)
            assert 'waiting for it' in capsys.readouterr().out
            (run.folder / 'scores.npz').touch()
            (run.folder / 'run.json').touch()
        # What the other has done is not done again.
        call.result(timeout=60)


def test_seconds_of_an_image(make_run, protocol):
    """10 images in batches of 4: three of them, of 3 1/3 images on average."""
    run = make_run(protocol=replace(protocol, test_images=10))
    assert run.seconds() == dict(train_seconds=None, predict_seconds=None)
    # A training in two parts, the first of which was killed while writing.
    for name, text in (
        ('20250101_000000', '{"loss": 1, "time": 2.0}\n{"loss'),
        ('20250102_000000', '{"loss": 1, "time": 4.0}\n{"mAP": 1, "time": 9}\n'),
        ('20250103_000000', ''),
    ):
        folder = run.folder / 'train' / name / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text(text)
    for name, seconds in (('20250103_000000', 7), ('20250104_000000', 1)):
        folder = run.folder / 'test' / name
        folder.mkdir(parents=True)
        (folder / f'{name}.json').write_text(json.dumps(dict(time=seconds)))
    assert run.seconds() == dict(
        train_seconds=pytest.approx(3 / 4), predict_seconds=pytest.approx(3 / 10)
    )


def test_scores_of_other_images_are_refused(make_run, monkeypatch):
    monkeypatch.setattr(run_module, 'count_cost', lambda *_: {})
    run = make_run()  # of a protocol with 300 images
    run.folder.mkdir(parents=True)
    TABLE.save(run.folder / 'scores.npz')
    with pytest.raises(RunFailed, match='holds 4 images .* than the 300 of the config'):
        run.execute()
    assert not run.is_done


@pytest.mark.parametrize(
    ('code', 'words'),
    [
        (
            "print('error: no data'); print('bye'); raise SystemExit(2)",
            'error: no data',
        ),
        ("raise ValueError('odd shape')", 'ValueError: odd shape'),
        ('exit(1)', 'nothing was printed'),
    ],
)
def test_a_failure_says_its_last_words(code, words, tmp_path, capsys):
    with pytest.raises(RunFailed) as error:
        run_module._call([sys.executable, '-c', code], tmp_path / 'train.log')
    assert str(error.value).startswith(words)
    assert f'{tmp_path}/train.log' in str(error.value)
    assert f'{sys.executable} -c ' in capsys.readouterr().out


def test_a_stop_ends_the_process_too(monkeypatch, tmp_path):
    told = []

    class Process:
        def wait(self) -> None:
            told.append('wait')
            if told == ['wait']:
                raise KeyboardInterrupt

        def terminate(self) -> None:
            told.append('terminate')

    monkeypatch.setattr(subprocess, 'Popen', lambda *_, **__: Process())
    with pytest.raises(KeyboardInterrupt):
        run_module._call(['train'], tmp_path / 'train.log')
    assert told == ['wait', 'terminate', 'wait']


def test_cost_counts_labels_of_one_image(tiny_config):
    cfg = Config.fromfile(tiny_config)
    cost = count_cost(cfg, 11)
    # The stem alone: 7 x 7 x 3 x 8 weights at 80 x 80 places, two FLOPs each.
    assert cost['flops'] > 2 * 7 * 7 * 3 * 8 * 80 * 80
    assert count_cost(cfg, 11) == cost
    cfg.model.roi_head.update(context_roi_extractor=None, context_head=None)
    smaller = count_cost(cfg, 11)
    assert smaller['parameters'] < cost['parameters']
    assert smaller['flops'] < cost['flops']
