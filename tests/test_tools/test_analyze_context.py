"""The command that shows what context does, on scores whose truth is known."""

import dataclasses
import json

import cv2
import numpy as np
import pytest

from mmscanet.evaluation import LabelThresholds, ScoreTable
from mmscanet.evaluation.context_analysis import analyze_context, format_analysis

TOOL = 'analysis_tools/analyze_context'
PLOTS = ('map_by_size.png', 'ap_by_label.png', 'companions.png')


def write_scores(path, **changes):
    """Write scores of two labels that come together, and of one on its own."""
    rng = np.random.default_rng(0)
    first = rng.random(120) < 0.4
    second = first ^ (rng.random(120) < 0.2)
    gt_score = np.stack([first, second, rng.random(120) < 0.3], axis=1)
    scores = 0.7 * rng.random((3, 120, 3)) + 0.3 * gt_score
    fields = dict(
        img_id=np.array([f'{row:03d}' for row in range(120)]),
        gt_score=gt_score.astype(np.int8),
        gt_area=rng.uniform(1, 2e4, (120, 3)).astype(np.float32) * gt_score,
        classes=np.array(['cat', 'dog', 'bird']),
        pred_score=scores[0].astype(np.float32),
        pred_object_score=scores[1].astype(np.float32),
        pred_context_score=scores[2].astype(np.float32),
    )
    table = ScoreTable(**{**fields, **changes})
    table.save(path)
    return table


def test_writes_and_prints_the_analysis(tmp_path, run_tool, capsys):
    table = write_scores(tmp_path / 'scores.npz')
    out = tmp_path / 'made' / 'out'
    numbers = dict(precision=0.8, min_count=5, min_lift=1.1, draws=20, seed=3)
    options = dict(thr='0.4', **numbers)
    words = [f'--{name.replace("_", "-")}={value}' for name, value in options.items()]
    run_tool(TOOL, tmp_path / 'scores.npz', '--out-dir', out, *words)
    expected = analyze_context(table, **options)
    text = format_analysis(expected, precision=0.8, thr='0.4')
    assert (out / 'context_analysis.md').read_text() == text
    assert text in capsys.readouterr().out
    content = json.loads((out / 'context_analysis.json').read_text())
    assert content['options'] == options
    mean_ap = expected.groups['all'].mAP['fusion']
    assert content['groups']['all']['mAP']['fusion'] == dict(
        value=mean_ap.value, low=mean_ap.low, high=mean_ap.high
    )
    assert [pair['label'] for pair in content['recall']['pairs']] == ['cat', 'dog']
    for name in PLOTS:
        assert cv2.imread(str(out / name)).std() > 0


def test_the_scene_branch_has_its_own_column(tmp_path, run_tool, capsys):
    scene = np.random.default_rng(1).random((120, 3)).astype(np.float32)
    write_scores(tmp_path / 'scores.npz', pred_scene_score=scene)
    run_tool(TOOL, tmp_path / 'scores.npz', '--out-dir', tmp_path, '--draws', 2)
    assert '| scene - object |' in ' '.join(capsys.readouterr().out.split())
    content = json.loads((tmp_path / 'context_analysis.json').read_text())
    names = ['object', 'context', 'scene', 'fusion']
    assert [*content['operating_points']] == names
    assert [*content['labels'][0]['AP']][:4] == names
    for name in PLOTS:
        assert cv2.imread(str(tmp_path / name)).std() > 0


def test_labels_without_companions_are_no_fault(tmp_path, run_tool):
    write_scores(tmp_path / 'scores.npz')
    run_tool(
        *(TOOL, tmp_path / 'scores.npz', '--out-dir', tmp_path),
        *('--min-count', 1000, '--draws', 2),
    )
    content = json.loads((tmp_path / 'context_analysis.json').read_text())
    assert content['without_companion'] == ['cat', 'dog', 'bird']
    assert content['recall']['beside']['object']['value'] is None  # nan is no JSON
    assert (tmp_path / 'companions.png').is_file()


@pytest.mark.parametrize('branch', ['pred_object_score', 'pred_context_score'])
def test_file_without_a_branch_is_named(tmp_path, refused, branch):
    write_scores(tmp_path / 'scores.npz', **{branch: None})
    line = refused(TOOL, tmp_path / 'scores.npz', '--out-dir', tmp_path / 'out')
    assert f'scores.npz: there is no {branch} here' in line


def test_missing_file_is_named(tmp_path, refused):
    line = refused(TOOL, tmp_path / 'absent.npz', '--out-dir', tmp_path / 'out')
    assert 'absent.npz; tools/test.py --out writes one' in line


def test_outputs_are_checked_first(tmp_path, refused):
    (tmp_path / 'companions.png').mkdir()
    line = refused(TOOL, tmp_path / 'absent.npz', '--out-dir', tmp_path)
    assert 'companions.png: it is a folder' in line
    (tmp_path / 'file').touch()
    line = refused(TOOL, tmp_path / 'absent.npz', '--out-dir', tmp_path / 'file')
    assert 'cannot write to' in line


def test_threshold_is_a_number_or_a_file(tmp_path, run_tool, refused):
    table = write_scores(tmp_path / 'scores.npz')
    thr = tmp_path / 'fitted.thresholds.json'
    LabelThresholds(tuple(table.classes), np.array([0.3, 0.4, 0.5])).save(thr)
    run_tool(
        *(TOOL, tmp_path / 'scores.npz', '--out-dir', tmp_path),
        *('--thr', thr, '--draws', 2),
    )
    expected = analyze_context(table, thr=thr, draws=2).operating_points['object']
    content = json.loads((tmp_path / 'context_analysis.json').read_text())
    assert content['operating_points']['object'] == dataclasses.asdict(expected)
    assert content['options']['thr'] == str(thr)
    line = refused(TOOL, 'scores.npz', '--out-dir', tmp_path, '--thr', 'absent.json')
    assert 'no thresholds file absent.json' in line
    line = refused(TOOL, 'scores.npz', '--out-dir', tmp_path, '--thr', 'nan')
    assert 'threshold nan is not in [0, 1]' in line


@pytest.mark.parametrize(
    ('option', 'value', 'said'),
    [
        ('--precision', '0', '(0, 1]'),
        ('--precision', 'nan', '(0, 1]'),
        ('--min-count', '0', 'at least 1'),
        ('--min-lift', 'nan', 'negative'),
        ('--draws', '0', 'at least 1'),
        ('--seed', '-1', 'at least 0'),
    ],
)
def test_options_out_of_range_are_named(tmp_path, refused, option, value, said):
    line = refused(TOOL, 'scores.npz', '--out-dir', tmp_path, f'{option}={value}')
    assert option in line
    assert said in line
