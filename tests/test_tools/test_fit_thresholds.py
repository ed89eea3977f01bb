"""The command that fits thresholds, and the commands that use its file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mmscanet.evaluation import (
    LabelThresholds,
    MultiLabelMetric,
    ScoreTable,
    compute_figures,
    fit_label_thresholds,
    has_annotations,
    sidecar_path,
)

TOOL = 'fit_thresholds'


def make_table(images: int = 60) -> ScoreTable:
    """Make scores of three labels, the last one rare; some images have no label."""
    rng = np.random.default_rng(0)
    truth = rng.random((images, 3)) < (0.4, 0.3, 0.05)
    score = rng.beta(2 + 3 * truth, 4 - 2 * truth)
    return ScoreTable(
        img_id=np.array([f'{row:03d}' for row in range(images)]),
        pred_score=score.astype(np.float32),
        pred_object_score=(score**2).astype(np.float32),
        gt_score=np.where(rng.random(truth.shape) < 0.05, -1, truth).astype(np.int8),
        gt_area=np.zeros(truth.shape, dtype=np.float32),
        classes=np.array(['cat', 'dog', 'bird']),
    )


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """Write a score file."""
    path = tmp_path / 'scores.npz'
    make_table().save(path)
    return path


def test_writes_and_prints_what_was_fitted(
    scores: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
    capsys: pytest.CaptureFixture,
) -> None:
    out, figures = tmp_path / 'made' / 't.json', tmp_path / 'made' / 'figures.json'
    run_tool(TOOL, scores, '--out', out, '--json', figures)
    printed = capsys.readouterr().out
    table = make_table()
    table = table.select(has_annotations(table.gt_score))
    expected = fit_label_thresholds(table)
    thresholds = LabelThresholds.load(out)
    assert thresholds.values.tolist() == expected.values.tolist()
    assert thresholds.temperature.tolist() == expected.temperature.tolist()
    assert thresholds.scores == 'scores.npz'
    assert thresholds.fallback == ('bird',)
    assert thresholds.num_images == len(table.img_id) < 60

    written = json.loads(figures.read_text())
    assert written['overall']['fitted']['CF1'] == pytest.approx(
        compute_figures(table, thr=expected.values)['CF1']
    )
    assert set(written['overall']) == {'at_0.5', 'fitted', 'held_out'}
    assert set(written['labels']['cat']) == {
        *('positives', 'threshold', 'fallback', 'temperature', 'ECE'),
        *('at_0.5', 'fitted', 'held_out'),
    }
    for name in ('before', 'after', 'held_out'):
        mean = np.mean([each['ECE'][name] for each in written['labels'].values()])
        assert written['mean_ECE'][name] == pytest.approx(mean)
        assert f'{mean:.2f}' in printed
    for figure in ('CF1', 'OF1'):
        assert f'{written["overall"]["held_out"][figure]:.2f}' in printed
    assert f'{expected.values[2]:.4f}*' in printed


def test_options_reach_the_fit(
    scores: Path, tmp_path: Path, run_tool: Callable[..., None]
) -> None:
    out = tmp_path / 't.json'
    options = ('--objective', 'recall', '--target', 0.9, '--min-positives', 1)
    options += ('--score-key', 'pred_object_score', '--keep-unlabelled')
    run_tool(TOOL, scores, '--out', out, *options, '--folds', 3, '--bins', 5)
    expected = fit_label_thresholds(
        make_table(),
        objective='recall',
        target=0.9,
        min_positives=1,
        score_key='pred_object_score',
    )
    thresholds = LabelThresholds.load(out)
    assert thresholds.values.tolist() == expected.values.tolist()
    assert (thresholds.target, thresholds.num_images) == (0.9, 60)
    assert thresholds.score_key == 'pred_object_score'


def test_seed_reaches_the_resamples(
    scores: Path, tmp_path: Path, run_tool: Callable[..., None]
) -> None:
    out = tmp_path / 't.json'
    run_tool(TOOL, scores, '--out', out, '--resamples', 4, '--seed', 2)
    table = make_table()
    table = table.select(has_annotations(table.gt_score))
    expected = fit_label_thresholds(table, resamples=4, seed=2)
    assert LabelThresholds.load(out).values.tolist() == expected.values.tolist()


def test_two_runs_write_the_same(
    scores: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
    capsys: pytest.CaptureFixture,
) -> None:
    seen = set()
    for _ in range(2):
        files = tmp_path / 't.json', tmp_path / 'f.json'
        run_tool(TOOL, scores, '--out', files[0], '--json', files[1], '--overwrite')
        seen.add((capsys.readouterr().out, *(path.read_bytes() for path in files)))
    assert len(seen) == 1


def test_single_image_has_no_held_out_figures(
    tmp_path: Path, run_tool: Callable[..., None], capsys: pytest.CaptureFixture
) -> None:
    table = make_table()
    (first, *_) = np.flatnonzero((table.gt_score == 1).any(axis=1))
    table.select(np.arange(60) == first).save(tmp_path / 'one.npz')
    figures = tmp_path / 'f.json'
    out = tmp_path / 't.json'
    run_tool(TOOL, tmp_path / 'one.npz', '--out', out, '--json', figures)
    printed = capsys.readouterr().out
    assert 'no figures of images held out: one image' in printed
    assert 'in all, fewer than --min-positives 10: thresholds' in printed
    assert set(json.loads(figures.read_text())['overall']) == {'at_0.5', 'fitted'}
    assert len(LabelThresholds.load(out).fallback) == 3


def test_thresholds_that_are_there_stay(
    scores: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    out = tmp_path / 't.json'
    out.write_text('by hand')
    assert f'{out} exists: --overwrite replaces it' in refused(
        TOOL, scores, '--out', out
    )
    assert out.read_text() == 'by hand'


def test_mistakes_end_in_one_line(
    scores: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    out = ('--out', tmp_path / 't.json')
    for args, expected in [
        ((scores, *out, '--objective', 'recall'), 'recall needs a --target'),
        ((scores, *out, '--target', 0.5), 'f1 takes no --target'),
        (
            (scores, *out, '--objective', 'precision', '--target', 90),
            '--target 90.0 is not above 0',
        ),
        ((scores, *out, '--min-positives', 0), '--min-positives must be at least 1'),
        ((scores, *out, '--folds', 1), '--folds must be at least 2'),
        (
            (scores, *out, '--resamples', 5, '--objective', 'recall', '--target', 0.5),
            '--resamples is for f1, not for recall',
        ),
        ((scores, *out, '--resamples', -1), '--resamples must be at least 0'),
        ((scores, *out, '--seed', -1), '--seed must be at least 0'),
        ((scores, *out, '--bins', 0), '--bins must be at least 1'),
        (
            (scores, *out, '--score-key', 'pred_context_score'),
            'scores.npz: there is no',
        ),
        ((scores, '--checkpoint', 'http://a/b.pth'), 'b.pth: download it first'),
        ((scores, '--checkpoint', 'none.pth'), 'checkpoint none.pth does not exist'),
        ((scores, '--out', scores / 't.json'), 'cannot write'),
        ((scores, *out, '--json', tmp_path), 'cannot write'),
        ((scores, *out, '--json', tmp_path / 't.json'), 'the thresholds themselves'),
        (('none.npz', *out), 'there is no score file none.npz'),
        ((Path(__file__), *out), 'cannot be read as an npz file'),
        ((scores,), 'one of the arguments --checkpoint --out is required'),
    ]:
        assert expected in refused(TOOL, *args)
    assert not (tmp_path / 't.json').exists()


def test_scores_that_cannot_be_fitted_are_named(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    table = make_table()
    table.gt_score[:] = 0
    table.save(tmp_path / 'empty.npz')
    line = refused(TOOL, tmp_path / 'empty.npz', '--out', tmp_path / 't.json')
    assert 'empty.npz: no image has a label that is scored' in line
    table = make_table()
    table.pred_score[3, 1] = 2
    table.save(tmp_path / 'logits.npz')
    line = refused(TOOL, tmp_path / 'logits.npz', '--out', tmp_path / 't.json')
    assert 'logits.npz: pred_score holds 2.0, which is no probability' in line


def test_checkpoint_of_other_labels_is_refused(
    scores: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    checkpoint = tmp_path / 'other.pth'
    meta = dict(dataset_meta=dict(classes=('cat', 'dog', 'cow')))
    torch.save(dict(meta=meta, state_dict={}), checkpoint)
    line = refused(TOOL, scores, '--checkpoint', checkpoint)
    assert 'only the thresholds have: "bird"' in line
    assert not sidecar_path(checkpoint).exists()


@pytest.fixture(scope='module')
def checkpoint(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tiny checkpoint to a folder that a sidecar may be written to."""
    folder = tmp_path_factory.mktemp('fit-thresholds')
    return Path(shutil.copy(tiny_checkpoint, folder))


def test_from_scores_to_figures_at_fitted_thresholds(
    tiny_config: Path,
    checkpoint: Path,
    tmp_path: Path,
    run_tool: Callable[..., None],
) -> None:
    test = ('test', tiny_config, checkpoint, '--work-dir')
    scores = tmp_path / 'scores.npz'
    run_tool(*test, tmp_path / 'first', '--out', scores)
    run_tool(TOOL, scores, '--checkpoint', checkpoint, '--min-positives', 1)
    sidecar = checkpoint.with_name('tiny.thresholds.json')
    assert sidecar == sidecar_path(checkpoint)
    option = ('--cfg-options', f'test_evaluator.0.thr={sidecar}')
    run_tool(*test, tmp_path / 'second', *option)

    (log,) = (tmp_path / 'second').glob('*/*.json')
    measured = json.loads(log.read_text())
    values = LabelThresholds.load(sidecar).values
    expected = compute_figures(ScoreTable.load(scores), thr=values)
    assert measured['multi-label/CF1_mean'] == pytest.approx(expected['CF1_mean'])
    guessed = compute_figures(ScoreTable.load(scores))
    assert expected['CF1_mean'] > guessed['CF1_mean']


def test_test_refuses_thresholds_before_its_first_image(
    tiny_config: Path,
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: Callable[..., str],
) -> None:
    def too_late(*args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(MultiLabelMetric, 'process', too_late)
    path = tmp_path / 'pets.json'
    test = ('test', tiny_config, checkpoint, '--work-dir', tmp_path, '--cfg-options')
    line = refused(*test, f'test_evaluator.0.thr={path}')
    assert f'there is no thresholds file {path}' in line
    LabelThresholds.shared(('cat', 'dog'), 0.5).save(path)
    line = refused(*test, f'test_evaluator.0.thr={path}')
    assert 'pets.json: the thresholds are of other labels' in line
    assert '"cat", "dog"' in line


def test_command_line_is_frozen(load_tool: Callable[[str], ModuleType]) -> None:
    actions = load_tool(TOOL).build_parser()._actions
    names = {name for each in actions for name in each.option_strings or [each.dest]}
    assert names == {
        *('-h', '--help', 'scores', '--checkpoint', '--out', '--objective', '--target'),
        *('--min-positives', '--score-key', '--keep-unlabelled', '--folds', '--seed'),
        *('--bins', '--json', '--overwrite', '--resamples'),
    }
