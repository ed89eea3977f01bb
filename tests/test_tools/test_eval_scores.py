"""The command that evaluates a score file again."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmscanet.evaluation import LabelThresholds, ScoreTable, compute_figures

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'eval_scores.py'


def write_scores(path):
    rng = np.random.default_rng(0)
    table = ScoreTable(
        img_id=np.array([str(row) for row in range(20)]),
        pred_score=rng.random((20, 3), dtype=np.float32),
        pred_object_score=rng.random((20, 3), dtype=np.float32),
        gt_score=rng.choice([-1, 0, 1], (20, 3)).astype(np.int8),
        gt_area=rng.uniform(1, 2e4, (20, 3)).astype(np.float32),
        classes=np.array(['cat', 'dog', 'bird']),
    )
    table.save(path)
    return table


@pytest.fixture
def run(monkeypatch):
    """Run the script as the command line does, in this process."""

    def run_script(*arguments):
        monkeypatch.setattr('sys.argv', [str(TOOL), *map(str, arguments)])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run_script


def test_prints_and_writes_the_figures(tmp_path, run, capsys):
    table = write_scores(tmp_path / 'scores.npz')
    out = tmp_path / 'made' / 'figures.json'
    options = ('--score-key', 'pred_object_score', '--thr', 0.3, '--classwise')
    run(tmp_path / 'scores.npz', *options, '--json', out)
    expected = compute_figures(table, score_key='pred_object_score', thr=0.3)
    written = json.loads(out.read_text())
    assert written == {f'multi-label/{name}': v for name, v in expected.items()}
    printed = capsys.readouterr().out
    assert f'{expected["mAP"]:.2f}' in printed
    assert 'bird' in printed


def test_ids_choose_the_images(tmp_path, run):
    table = write_scores(tmp_path / 'scores.npz')
    ids, out = tmp_path / 'ids.txt', tmp_path / 'figures.json'
    ids.write_text('\ufeff3\n11\n4\n7\n19\n')  # as editors on Windows write it
    run(tmp_path / 'scores.npz', '--ids', ids, '--json', out)
    expected = compute_figures(
        table.select(np.isin(table.img_id, ['3', '11', '4', '7', '19']))
    )
    assert json.loads(out.read_text())['multi-label/mAP'] == expected['mAP']


def test_an_id_may_have_a_space(tmp_path, run):
    names = [f'photo {i}' for i in range(20)]
    table = replace(write_scores(tmp_path / 'scores.npz'), img_id=np.array(names))
    table.save(tmp_path / 'scores.npz')
    ids, out = tmp_path / 'ids.txt', tmp_path / 'figures.json'
    ids.write_text('photo 1\n\nphoto 2  \nphoto 3\nphoto 4\n')
    run(tmp_path / 'scores.npz', '--ids', ids, '--json', out)
    expected = compute_figures(table.select(np.isin(table.img_id, names[1:5])))
    assert json.loads(out.read_text())['multi-label/mAP'] == expected['mAP']


@pytest.mark.parametrize(
    ('text', 'message'),
    [('', 'lists no image'), ('3\n77\n', 'lacks 1 of the 2 images')],
)
def test_ids_that_do_not_fit_are_told(tmp_path, refused, text, message):
    write_scores(tmp_path / 'scores.npz')
    (tmp_path / 'ids.txt').write_text(text)
    assert message in refused(tmp_path / 'scores.npz', '--ids', tmp_path / 'ids.txt')


def test_takes_a_file_of_thresholds(tmp_path, run, capsys):
    table = write_scores(tmp_path / 'scores.npz')
    values = np.array([0.2, 0.5, 0.8])
    LabelThresholds(('cat', 'dog', 'bird'), values).save(tmp_path / 't.json')
    out = tmp_path / 'figures.json'
    run(tmp_path / 'scores.npz', '--thr', tmp_path / 't.json', '--json', out)
    expected = compute_figures(table, thr=values)
    assert json.loads(out.read_text())['multi-label/CF1'] == expected['CF1']
    assert 'thresholds of t.json' in capsys.readouterr().out


def test_thresholds_that_do_not_fit_are_told(tmp_path, refused):
    write_scores(tmp_path / 'scores.npz')
    path = tmp_path / 't.json'
    line = refused(tmp_path / 'scores.npz', '--thr', path)
    assert 'there is no thresholds file' in line
    LabelThresholds.shared(('cat', 'dog', 'cow'), 0.5).save(path)
    line = refused(tmp_path / 'scores.npz', '--thr', path)
    assert (
        'only the thresholds have: "cow"; only the model or the data has: "bird"'
        in (line)
    )
    thresholds = LabelThresholds.shared(('cat', 'dog', 'bird'), 0.5)
    replace(thresholds, score_key='pred_object_score').save(path)
    line = refused(tmp_path / 'scores.npz', '--thr', path)
    assert 'were fitted on pred_object_score' in line


@pytest.fixture
def refused(run, capsys):
    """Run the script, which must end with status 2; return what it says."""

    def run_refused(*arguments):
        with pytest.raises(SystemExit) as exit_info:
            run(*arguments)
        assert exit_info.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    return run_refused


def test_missing_file_is_one_line(tmp_path, refused):
    line = refused(tmp_path / 'absent.npz')
    assert 'absent.npz; tools/test.py --out writes one' in line


def test_file_without_the_branch_is_named(tmp_path, refused):
    write_scores(tmp_path / 'scores.npz')
    line = refused(tmp_path / 'scores.npz', '--score-key', 'pred_context_score')
    assert 'scores.npz: there is no pred_context' in line


def test_unwritable_figures_are_named(tmp_path, refused):
    write_scores(tmp_path / 'scores.npz')
    line = refused(tmp_path / 'scores.npz', '--json', tmp_path / 'scores.npz/f.json')
    assert 'cannot write' in line
    assert 'f.json' in line
