"""Average precision by hand, against scikit-learn and against mmpretrain."""

import numpy as np
import pytest
import torch
from mmpretrain.evaluation import AveragePrecision
from sklearn.metrics import average_precision_score

from mmscanet.evaluation.functional import (
    average_precision,
    eleven_point_average_precision,
    enveloped_average_precision,
    threshold_counts,
)


def counts(score, positive):
    return threshold_counts(
        np.array(score, dtype=np.float32), np.array(positive, dtype=bool)
    )


def test_counts_by_hand():
    # Given out of order; from the highest: hit, miss, hit, miss.
    tp, predicted = counts([0.4, 0.9, 0.1, 0.6], [1, 1, 0, 0])
    assert tp.tolist() == [1, 1, 2, 2]
    assert predicted.tolist() == [1, 2, 3, 4]


def test_three_definitions_by_hand():
    # From the highest score: miss, hit, hit, miss, hit.
    # Precision at the hits: 1/2, 2/3, 3/5, at recalls 1/3, 2/3, 1.
    pair = counts([0.9, 0.8, 0.7, 0.6, 0.5], [0, 1, 1, 0, 1])
    assert average_precision(*pair) == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 3)
    # The envelope raises the first to 2/3.
    assert enveloped_average_precision(*pair) == pytest.approx(
        (2 / 3 + 2 / 3 + 3 / 5) / 3
    )
    # Recalls 0 .. 0.6 (seven points) are reached with 2/3, 0.7 .. 1 with 3/5.
    assert eleven_point_average_precision(*pair) == pytest.approx(
        (7 * 2 / 3 + 4 * 3 / 5) / 11
    )


def test_eleven_points_count_a_recall_that_is_reached_exactly():
    # Ten positives: three hits, a miss, seven hits. Recall 0.3 is reached with
    # precision 1, though 0.1 * 3 > 3 / 10 as floats; from 0.4 on the envelope
    # is 10/11.
    positive = [1, 1, 1, 0] + [1] * 7
    pair = counts(np.linspace(1, 0, 11), positive)
    expected = (4 * 1 + 7 * 10 / 11) / 11
    assert eleven_point_average_precision(*pair) == pytest.approx(expected)


def test_equal_scores_enter_together():
    # One hit and one miss tie at the top: precision 1/2 whichever comes first.
    for positive in ([1, 0], [0, 1]):
        pair = counts([0.5, 0.5], positive)
        assert average_precision(*pair) == 0.5
        assert enveloped_average_precision(*pair) == 0.5
        assert eleven_point_average_precision(*pair) == 0.5


@pytest.mark.parametrize('positive', [[], [0, 0]])
def test_without_positives_there_is_no_figure(positive):
    pair = counts(np.linspace(0, 1, len(positive)), positive)
    assert np.isnan(average_precision(*pair))
    assert np.isnan(enveloped_average_precision(*pair))
    assert np.isnan(eleven_point_average_precision(*pair))


@pytest.mark.parametrize('decimals', [1, 2, 7])
def test_agrees_with_scikit_learn_with_and_without_ties(decimals):
    rng = np.random.default_rng(decimals)
    for _ in range(20):
        score = rng.random(200).round(decimals).astype(np.float32)
        positive = rng.random(200) < 0.2
        ours = average_precision(*threshold_counts(score, positive))
        assert ours == pytest.approx(average_precision_score(positive, score))


def test_agrees_with_mmpretrain_on_distinct_scores():
    rng = np.random.default_rng(0)
    score = rng.permutation(400).reshape(100, 4).astype(np.float32) / 400
    gt_score = rng.choice([-1, 0, 1], (100, 4), p=[0.1, 0.6, 0.3])
    theirs = AveragePrecision.calculate(
        torch.tensor(score), torch.tensor(gt_score), average=None
    )
    for label in range(4):
        scored = gt_score[:, label] >= 0
        pair = threshold_counts(score[scored, label], gt_score[scored, label] == 1)
        assert 100 * average_precision(*pair) == pytest.approx(
            theirs[label].item(), abs=1e-3
        )
