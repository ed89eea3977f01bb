"""The command that holds score files against each other."""

import json
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmscanet.evaluation import ScoreTable, compare_paired

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'compare_scores.py'


@pytest.fixture
def tables(tmp_path):
    """The tables of a.npz and b.npz, of which b is right about everything."""
    rng = np.random.default_rng(0)
    gt_score = rng.integers(0, 2, (40, 2)).astype(np.int8)
    a = ScoreTable(
        img_id=np.array([f'{row:02d}' for row in range(40)]),
        pred_score=rng.random((40, 2), dtype=np.float32),
        gt_score=gt_score,
        gt_area=(2000.0 * gt_score).astype(np.float32),
        classes=np.array(['cat', 'dog']),
    )
    b = replace(a, pred_score=gt_score.astype(np.float32))
    a.save(tmp_path / 'a.npz')
    b.save(tmp_path / 'b.npz')
    return a, b


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the script as the command line does, in this process."""

    def run_script(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr('sys.argv', [str(TOOL), *map(str, arguments)])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run_script


def test_prints_and_writes_the_differences(tables, run, tmp_path, capsys):
    run('a.npz', 'b.npz', '--classwise', '--draws', 50, '--json', 'made/out.json')
    expected = compare_paired(*tables, draws=50).groups['all'].difference
    written = json.loads((tmp_path / 'made' / 'out.json').read_text())['b.npz']
    assert set(written['labels']) == {'cat', 'dog'}
    assert written['groups']['all']['difference']['value'] == expected.value
    assert written['groups']['all']['difference']['low'] == expected.low
    printed = capsys.readouterr().out
    assert 'b.npz\nagainst a.npz' in printed
    assert f'{expected.value:+.1f} ({expected.low:+.1f} to' in printed
    assert ')*' in printed
    assert 'dog' in printed


def test_ids_choose_the_images(tables, run, tmp_path, capsys):
    (tmp_path / 'ids.txt').write_text('\n'.join(f'{row:02d}' for row in range(25)))
    run('a.npz', 'b.npz', '--ids', 'ids.txt', '--draws', 2, '--json', 'out.json')
    written = json.loads((tmp_path / 'out.json').read_text())
    assert set(written['b.npz']) == {'images', 'groups'}, 'labels were not asked for'
    labelled = (tables[0].gt_score[:25] == 1).any(axis=1).sum()
    assert f', {labelled} images' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('a.npz', 'c.npz'), 'c.npz; tools/test.py --out writes one'),
        (('a.npz', 'half.npz'), 'a.npz and half.npz: the two differ in img_id'),
        (('a.npz', 'b.npz', '--draws', 0), '--draws must be at least 1, not 0'),
        (
            ('a.npz', 'b.npz', '--score-key', 'pred_object_score'),
            'there is no pred_object_score here',
        ),
        (('a.npz', 'b.npz', '--json', 'a.npz/out.json'), 'cannot write'),
        (('a.npz', 'b.npz', '--json', 'b.npz'), 'the name must end in .json'),
    ],
)
def test_what_does_not_fit_is_one_line(
    tables, run, tmp_path, capsys, arguments, message
):
    tables[0].select(np.arange(40) < 20).save(tmp_path / 'half.npz')
    with pytest.raises(SystemExit) as exit_info:
        run(*arguments)
    assert exit_info.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_file_that_is_not_there_is_told_first(tables, run, capsys):
    with pytest.raises(SystemExit):
        run('a.npz', 'b.npz', 'c.npz')
    told = capsys.readouterr()
    assert told.out == ''
    assert 'c.npz; tools/test.py --out writes one' in told.err
