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

TOOL = 'misc/shapes_table'
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


def write_run(folder: Path, wrong: str | None = None) -> None:
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
    (folder / 'run.json').write_text('{}')


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Finished runs, two of the full model, as tools/compare.py leaves them."""
    folder, config = tmp_path / 'runs', 'scanet_r18_fpn_shapes'
    write_run(folder / config / 'seed0-abc')
    write_run(folder / config / 'seed1-abd', 'ball')
    write_run(folder / f'{config}_object-only' / 'seed0-abc')
    write_run(folder / f'{config}_context-only' / 'seed0-abc')
    write_annotations(tmp_path / 'data', [['ball', 'bat'], ['plate', 'table', 'car']])
    return folder


def test_runs_are_measured_by_kind_of_label(runs, tmp_path, run_tool, capsys):
    # A run that has not ended is none.
    (runs / 'scanet_r18_fpn_shapes/seed2-abe').mkdir()
    run_tool(TOOL, '--work-dir', runs, '--data-root', tmp_path / 'data')
    lines = capsys.readouterr().out.splitlines()
    row = lines[2].split('|')
    # The label turned round: 2 positives ranked below 20 negatives, AP = 2 / 22.
    low = 100 * (5 + 2 / 22) / 6
    assert f'{(100 + low) / 2:.1f} ({low:.1f} to 100.0)' in row[3]
    assert row[4].strip() == '100.0 (100.0 to 100.0)'
    assert lines[3] == f'| object branch only {"| 100.0 " * 4}|'
    assert lines[-1].startswith("- the same, times the partner's share")


def test_runs_that_cannot_be_told_apart_or_are_missing(runs, tmp_path, refused):
    command = (TOOL, '--work-dir', runs, '--data-root')
    assert 'none/annotations/val.json does not exist' in refused(*command, 'none')
    write_run(runs / 'scanet_r18_fpn_shapes/seed1-other')
    line = refused(*command, tmp_path / 'data')
    assert 'seed1-other are of one seed with different settings' in line
    line = refused(TOOL, '--work-dir', tmp_path / 'none')
    assert 'none/scanet_r18_fpn_shapes has no finished run' in line


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
