"""Recall and thresholds at a precision, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from mmscanet.evaluation.functional import (
    highest_precision,
    recall_at_precision,
    threshold_at_precision,
    threshold_counts,
)

# From the highest score: hit, miss, hit, hit, miss, hit. Precision 1, 1/2, 2/3,
# 3/4, 3/5, 4/6 at recall 1/4, 1/4, 2/4, 3/4, 3/4, 1.
SCORE = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
POSITIVE = np.array([1, 0, 1, 1, 0, 1], dtype=bool)


@pytest.mark.parametrize(
    ('precision', 'recall', 'threshold'),
    [(1, 0.25, 0.9), (0.75, 0.75, 0.6), (0.67, 0.75, 0.6), (0.66, 1, 0.4)],
)
def test_by_hand(precision, recall, threshold):
    order = [3, 0, 5, 1, 4, 2]  # of the images: it must not matter
    score, positive = SCORE[order], POSITIVE[order]
    counts = threshold_counts(score, positive)
    assert recall_at_precision(*counts, precision) == recall
    assert threshold_at_precision(score, positive, precision) == threshold


def test_precision_is_reached_exactly():
    positive = np.arange(10) < 9
    counts = threshold_counts(np.zeros(10), positive)
    assert recall_at_precision(*counts, 0.9) == 1
    assert recall_at_precision(*counts, 0.9 + 1e-9) == 0


def test_ties_enter_together():
    score, positive = np.array([0.9, 0.9, 0.1]), np.array([True, False, True])
    counts = threshold_counts(score, positive)
    assert recall_at_precision(*counts, 0.6) == 1  # 2 of 3, at 0.1
    assert recall_at_precision(*counts, 0.7) == 0
    assert highest_precision(score, positive) == pytest.approx(2 / 3)


def test_highest_precision_by_hand():
    assert highest_precision(SCORE, POSITIVE) == 1
    assert highest_precision(SCORE[1:], POSITIVE[1:]) == pytest.approx(2 / 3)


def test_threshold_that_precise_may_not_exist():
    with pytest.raises(ValueError, match='no threshold gives a precision of 0.7'):
        threshold_at_precision(SCORE[1:], POSITIVE[1:], 0.7)


def test_without_positives_there_is_no_recall():
    assert np.isnan(recall_at_precision(np.array([0, 0]), np.array([1, 2]), 0.5))
    none = np.zeros((2, 0), dtype=int)
    assert np.isnan(recall_at_precision(none, none, 0.5)).tolist() == [True, True]


def test_leading_dimensions_are_rows():
    true_positives, predictions = np.array([[1, 2], [0, 1]]), np.array([[1, 4], [1, 2]])
    found = recall_at_precision(true_positives, predictions, 0.5)
    assert found.tolist() == [1, 1]
    found = recall_at_precision(true_positives, predictions, 0.6)
    assert found.tolist() == [0.5, 0]


@pytest.mark.parametrize('decimals', [1, 7])
@pytest.mark.parametrize('precision', [0.3, 0.6, 0.9])
def test_agrees_with_scikit_learn(decimals, precision):
    rng = np.random.default_rng(0)
    for _ in range(20):
        positive = rng.random(60) < 0.4
        score = (rng.random(60) + positive * 0.4).round(decimals)
        theirs, recalls, thresholds = precision_recall_curve(positive, score)
        precise = np.flatnonzero(theirs[:-1] >= precision)  # the last has no threshold
        expected = recalls[precise].max(initial=0)
        counts = threshold_counts(score, positive)
        assert recall_at_precision(*counts, precision) == pytest.approx(expected)
        if len(precise):
            threshold = threshold_at_precision(score, positive, precision)
            assert threshold == thresholds[precise].min()
