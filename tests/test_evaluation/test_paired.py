"""The comparison of two models over the same draws of images."""

from dataclasses import replace

import numpy as np
import pytest

from mmscanet.evaluation import ScoreTable, compare_paired, compute_figures


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    gt_score = rng.choice([-1, 0, 0, 1], (60, 3)).astype(np.int8)
    return ScoreTable(
        img_id=np.array([f'{row:02d}' for row in range(60)]),
        pred_score=rng.random((60, 3), dtype=np.float32),
        gt_score=gt_score,
        gt_area=(rng.uniform(1, 2e4, (60, 3)) * (gt_score == 1)).astype(np.float32),
        classes=np.array(['cat', 'dog', 'bird']),
    )


def test_figures_are_those_of_the_protocol(table):
    rng = np.random.default_rng(1)
    other = replace(table, pred_score=rng.random((60, 3), dtype=np.float32))
    found = compare_paired(table, other, draws=20)
    for group, figures in found.groups.items():
        name = 'mAP' if group == 'all' else f'mAP_{group}'
        mAPs = [compute_figures(each)[name] for each in (table, other)]
        assert figures.reference.value == pytest.approx(mAPs[0])
        assert figures.other.value == pytest.approx(mAPs[1])
        assert figures.difference.value == pytest.approx(mAPs[1] - mAPs[0])
    mean = np.mean([each.difference.value for each in found.labels.values()])
    assert mean == pytest.approx(found.groups['all'].difference.value)
    assert set(found.labels) == {'cat', 'dog', 'bird'}
    assert sum(each.positives for each in found.labels.values()) == (
        found.groups['all'].positives
    )


def test_what_makes_images_hard_for_both_cancels(table):
    """A small change of the scores has a narrow interval, though mAP has a wide one."""
    changed = table.pred_score.copy()
    changed[0] = 1 - changed[0]
    found = compare_paired(table, replace(table, pred_score=changed), draws=200)
    figures = found.groups['all']
    own, paired = (each.high - each.low for each in (figures.other, figures.difference))
    assert 0 < paired < own / 2


def test_a_model_does_not_differ_from_itself(table):
    found = compare_paired(table, table, draws=20)
    for figures in (*found.groups.values(), *found.labels.values()):
        difference = figures.difference
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_images_without_annotation_are_left_out(table):
    gt_score = table.gt_score.copy()
    gt_score[:7] = 0
    table = replace(table, gt_score=gt_score)
    expected = int((gt_score != 0).any(axis=1).sum())
    assert compare_paired(table, table, draws=2).images == expected < 60


@pytest.mark.parametrize('name', ['img_id', 'classes', 'gt_score', 'gt_area'])
def test_other_images_are_refused(table, name):
    changed = getattr(table, name).copy()
    changed[0] = changed[1]
    changed[1] = getattr(table, name)[0]
    with pytest.raises(ValueError, match=f'differ in {name}'):
        compare_paired(table, replace(table, **{name: changed}))


def test_no_scored_label_is_refused(table):
    nothing = replace(table, gt_score=np.full_like(table.gt_score, -1))
    with pytest.raises(ValueError, match='nothing to measure'):
        compare_paired(nothing, nothing)
