"""Thresholds of all labels on one table: who falls back, and what is held out."""

import numpy as np
import pytest

from mmscanet.errors import DataError
from mmscanet.evaluation import ScoreTable, cross_fit, fit_label_thresholds
from mmscanet.evaluation.functional import (
    fit_resampled_threshold,
    fit_temperature,
    fit_threshold,
)


def make_table(score, gt_score, **branches):
    gt_score = np.array(gt_score, dtype=np.int8)
    return ScoreTable(
        img_id=np.array([f'{row:03d}' for row in range(len(gt_score))]),
        pred_score=np.array(score, dtype=np.float32),
        gt_score=gt_score,
        gt_area=np.zeros(gt_score.shape, dtype=np.float32),
        classes=np.array(['cat', 'dog', 'bird'][: gt_score.shape[1]]),
        **branches,
    )


def random_table(seed=0, images=60, noise=0.3):
    rng = np.random.default_rng(seed)
    score = rng.random((images, 3))
    truth = np.where(score + noise * rng.normal(size=score.shape) > 0.6, 1, 0)
    return make_table(score, np.where(rng.random(score.shape) < 0.1, -1, truth))


# cat is present on images 0 to 2, where it scores highest; dog on image 1 only. Image
# 3 is not scored for cat, and its score there would be a false alarm.
SCORE = [[0.875, 0.25], [0.75, 0.5], [0.5, 0.125], [0.625, 0.0625], [0.25, 0.375]]
TRUTH = [[1, 0], [1, 1], [1, 0], [-1, 0], [0, 0]]


def test_labels_by_hand():
    fitted = fit_label_thresholds(make_table(SCORE, TRUTH), min_positives=2)
    assert fitted.classes == ('cat', 'dog')
    assert fitted.positives.tolist() == [3, 1]
    assert fitted.fallback == ('dog',)
    # Pooled, from the highest score: 0.875 + 0.75 + 0.5 (cat +, dog +) 0.375 -: all
    # four positives and no other cell are at 0.5 and above.
    assert fitted.shared_threshold == (0.5 + 0.375) / 2
    # cat alone: no scored image lies between 0.5 and 0.25.
    assert fitted.values.tolist() == [(0.5 + 0.25) / 2, fitted.shared_threshold]
    assert (fitted.objective, fitted.target, fitted.min_positives) == ('f1', None, 2)
    assert (fitted.num_images, fitted.score_key) == (5, 'pred_score')


def test_enough_positives_are_as_many_as_asked_for():
    fitted = fit_label_thresholds(make_table(SCORE, TRUTH), min_positives=1)
    assert fitted.fallback == ()
    assert fitted.values[1] == (0.5 + 0.375) / 2
    fitted = fit_label_thresholds(make_table(SCORE, TRUTH), min_positives=4)
    assert fitted.fallback == ('cat', 'dog')


def test_each_label_is_fitted_on_its_scored_images():
    table = random_table()
    options = dict(objective='recall', target=0.8)
    fitted = fit_label_thresholds(table, **options)
    for label in range(3):
        rows = table.gt_score[:, label] >= 0
        cells = table.pred_score[rows, label], table.gt_score[rows, label] == 1
        assert fitted.values[label] == fit_threshold(*cells, 'recall', 0.8)
        assert fitted.temperature[label] == fit_temperature(*cells)


def test_resamples_are_for_the_labels_own_f1():
    table = random_table()
    table.gt_score[5:, 2] = 0
    plain = fit_label_thresholds(table)
    fitted = fit_label_thresholds(table, resamples=5, seed=1)
    rows = table.gt_score[:, 0] >= 0
    cells = table.pred_score[rows, 0], table.gt_score[rows, 0] == 1
    assert fitted.values[0] == fit_resampled_threshold(*cells, 5, seed=1)
    assert fitted.values[0] != plain.values[0]
    assert fitted.fallback == ('bird',)
    assert fitted.shared_threshold == plain.shared_threshold
    assert fitted.resamples == 5
    with pytest.raises(ValueError, match='for f1, not for recall'):
        fit_label_thresholds(table, objective='recall', target=0.5, resamples=5)


def test_label_that_cannot_reach_the_precision_falls_back():
    # dog's only hit comes second, so its precision is 1/2 at most.
    score = [[0.9, 0.8], [0.8, 0.7], [0.1, 0.1]]
    table = make_table(score, [[1, 0], [1, 1], [0, 0]])
    options = dict(objective='precision', min_positives=1)
    fitted = fit_label_thresholds(table, target=0.75, **options)
    assert fitted.fallback == ('dog',)
    # Pooled: 0.9 +, 0.8 + and -, 0.7 +, 0.1 - -: precisions 1, 2/3, 3/4, 1/2.
    assert fitted.values[1] == fitted.shared_threshold
    assert fitted.shared_threshold == pytest.approx((0.7 + 0.1) / 2)


def test_precision_that_nothing_reaches_is_come_near_to():
    # Pooled: 0.9 -, 0.8 +, 0.7 +: precisions 0, 1/2, 2/3.
    table = make_table([[0.9], [0.8], [0.7]], [[0], [1], [1]])
    options = dict(objective='precision', target=0.9, min_positives=1)
    fitted = fit_label_thresholds(table, **options)
    assert fitted.fallback == ('cat',)
    assert fitted.values[0] == pytest.approx(0.7 / 2)


def test_temperature_of_a_label_without_negatives_is_shared():
    table = random_table()
    table.gt_score[:, 0] = 1
    fitted = fit_label_thresholds(table)
    scored = table.gt_score >= 0
    pooled = fit_temperature(table.pred_score[scored], table.gt_score[scored] == 1)
    assert fitted.temperature[0] == pooled != fitted.temperature[1]
    assert fitted.fallback == ()
    assert fitted.values[0] == pytest.approx(table.pred_score[:, 0].min() / 2)


def test_branch_is_fitted_by_name():
    table = make_table(SCORE, TRUTH, pred_object_score=np.array(SCORE, np.float32) / 2)
    fitted = fit_label_thresholds(table, score_key='pred_object_score', min_positives=2)
    assert fitted.score_key == 'pred_object_score'
    assert fitted.values[0] == (0.5 + 0.25) / 4
    with pytest.raises(ValueError, match='no pred_context_score'):
        fit_label_thresholds(table, score_key='pred_context_score')


def test_what_cannot_be_fitted_is_said():
    with pytest.raises(DataError, match='nothing to fit'):
        fit_label_thresholds(make_table(SCORE, np.minimum(TRUTH, 0)))
    with pytest.raises(DataError, match=r'holds 1\.5, which is no probability'):
        fit_label_thresholds(make_table([[1.5], [0.5]], [[1], [0]]))


def test_held_out_images_are_not_fitted_on():
    table = random_table()
    options = dict(folds=4, seed=0, min_positives=1)
    before = cross_fit(table, **options)
    # Turn the truth of one image round: it may change what is said of others, and
    # must not change what is said of itself.
    gt_score = table.gt_score.copy()
    gt_score[7] = 1 - np.abs(gt_score[7])
    after = cross_fit(make_table(table.pred_score, gt_score), **options)
    np.testing.assert_array_equal(after.predicted[7], before.predicted[7])
    np.testing.assert_array_equal(after.calibrated[7], before.calibrated[7])
    assert (after.calibrated != before.calibrated).any()


def test_two_images_are_fitted_on_each_other():
    table = make_table([[0.75], [0.5]], [[1], [1]])
    held_out = cross_fit(table, folds=5, seed=0, min_positives=1)
    # Half of the other's score is the limit: 0.25 and 0.375.
    assert held_out.predicted.tolist() == [[True], [True]]
    table = make_table([[0.75], [0.25]], [[1], [1]])
    held_out = cross_fit(table, folds=5, seed=0, min_positives=1)
    assert held_out.predicted.tolist() == [[True], [False]]


def test_folds_depend_on_the_seed_alone():
    table = random_table()
    first = cross_fit(table, folds=5, seed=3)
    again = cross_fit(table, folds=5, seed=3)
    other = cross_fit(table, folds=5, seed=4)
    np.testing.assert_array_equal(again.calibrated, first.calibrated)
    assert (other.calibrated != first.calibrated).any()


def test_one_image_cannot_be_held_out():
    with pytest.raises(DataError, match='one image cannot be divided'):
        cross_fit(make_table([[0.9]], [[1]]), folds=5, seed=0)
    # Without the only image that has a label there is nothing to fit on.
    table = make_table([[0.9], [0.1]], [[1], [0]])
    with pytest.raises(DataError, match='nothing to fit'):
        cross_fit(table, folds=5, seed=0)
