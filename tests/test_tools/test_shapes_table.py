"""The table and the picture of ContextShapes."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from mmscanet.datasets.context_shapes import CLASSES
from mmscanet.evaluation import ScoreTable

MISC = Path(__file__).resolve().parents[2] / 'tools/misc'


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, MISC / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_annotations(root: Path, images: list[list[str]]) -> None:
    (root / 'annotations').mkdir(parents=True)
    content = dict(
        images=[dict(id=i + 1) for i in range(len(images))],
        categories=[dict(id=i + 1, name=name) for i, name in enumerate(CLASSES)],
        annotations=[
            dict(image_id=i + 1, category_id=CLASSES.index(name) + 1)
            for i, names in enumerate(images)
            for name in names
        ],
    )
    (root / 'annotations/val.json').write_text(json.dumps(content))


def write_run(folder: Path, wrong: str | None, minutes: float) -> None:
    """A finished run whose scores are right but for one label, turned round."""
    folder.mkdir(parents=True)
    gt = np.tile(np.eye(len(CLASSES), dtype=np.int8), (2, 1))
    score = gt.astype(np.float32)
    if wrong:
        score[:, CLASSES.index(wrong)] = 1 - score[:, CLASSES.index(wrong)]
    ScoreTable(
        img_id=np.array([f'{i:02}' for i in range(len(gt))]),
        pred_score=score,
        gt_score=gt,
        gt_area=gt * np.float32(100),
        classes=np.array(CLASSES),
    ).save(folder / 'scores.npz')
    (folder / 'time.json').write_text(json.dumps(dict(minutes=minutes)))


def test_finished_runs_are_measured_and_not_trained(tmp_path, monkeypatch, capsys):
    tool = load('shapes_table')
    write_run(tmp_path / 'runs/full-seed0', None, 2)
    write_run(tmp_path / 'runs/full-seed1', 'ball', 3)
    write_annotations(tmp_path / 'data', [['ball', 'bat'], ['plate', 'table', 'car']])
    monkeypatch.setattr(tool, 'train', lambda *_: pytest.fail('trained again'))
    command = ['--variants', 'full', '--seeds', '0', '1']
    command += ['--work-dir', tmp_path / 'runs', '--data-root', tmp_path / 'data']
    monkeypatch.setattr(sys, 'argv', ['shapes_table.py', *map(str, command)])
    tool.main()
    row = capsys.readouterr().out.splitlines()[2]
    # The label turned round: 2 positives ranked below 20 negatives, AP = 2 / 22.
    low = 100 * (5 + 2 / 22) / 6
    assert f'{(100 + low) / 2:.1f} ({low:.1f} to 100.0)' in row.split('|')[3]
    assert row.split('|')[4].strip() == '100.0 (100.0 to 100.0)'
    assert row.split('|')[6].strip() == '2.5 (2.0 to 3.0)'


def test_an_unfinished_run_is_trained(tmp_path, monkeypatch):
    tool, asked = load('shapes_table'), []

    def run(command, check, stdout, stderr, env):
        asked.append(command)
        option = next(word for word in command if 'out_file=' in word)
        Path(option.split('=')[1]).write_bytes(b'scores')

    monkeypatch.setattr(tool.subprocess, 'run', run)
    config = tool.VARIANTS['object branch only']
    tool.train(config, 7, tmp_path / 'run', None)
    assert (tmp_path / 'run/scores.npz').read_bytes() == b'scores'
    assert asked[0][asked[0].index('--seed') + 1] == '7'
    assert all(Path(word).is_file() for word in asked[0][1:3])


def test_baselines(tmp_path):
    """One ball in each of two scenes that differ in their partners only."""
    scenes = [['ball', 'bat', 'bat', 'car'], ['plate', 'table', 'table', 'bat']]
    scenes += [['base', 'bat'], ['book', 'table'], ['wheel', 'parcel', 'car', 'car']]
    write_annotations(tmp_path, scenes)
    found = load('shapes_table').baselines(tmp_path / 'annotations/val.json')
    # Discs are in scenes 1, 2, 5 and squares in 3, 4, 5, one each: one of three.
    assert found['number of look-alikes'] == pytest.approx(100 / 3)
    shares = next(value for name, value in found.items() if 'share' in name)
    assert shares == pytest.approx(100)


def test_preview_is_a_picture(tmp_path, monkeypatch):
    command = ['preview', str(tmp_path / 'deep/sheet.png'), '--rows', '1']
    monkeypatch.setattr(sys, 'argv', [*command, '--columns', '2'])
    load('shapes_preview').main()
    picture = cv2.imread(str(tmp_path / 'deep/sheet.png'))
    assert picture.shape == (324, 648, 3)
