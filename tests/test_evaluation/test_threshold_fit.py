"""The threshold of one label: by hand, by trying all, and beside scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve

from mmscanet.evaluation.functional import (
    fit_resampled_threshold,
    fit_threshold,
)

# From the highest score down, with hits, precision, recall and F1 at each:
#   score   present   hits   precision   recall   F1
#   0.75       1        1       1          1/3    1/2
#   0.625      0        1       1/2        1/3    2/5
#   0.5        1        2       2/3        2/3    2/3
#   0.25       1        3       3/4        1      6/7
#   0.125      0        3       3/5        1      3/4
SCORE = np.array([0.75, 0.625, 0.5, 0.25, 0.125], dtype=np.float32)
PRESENT = np.array([1, 0, 1, 1, 0], dtype=bool)


@pytest.mark.parametrize(
    ('objective', 'target', 'expected'),
    [
        ('f1', None, (0.25 + 0.125) / 2),
        ('precision', 1.0, (0.75 + 0.625) / 2),
        ('precision', 0.75, (0.25 + 0.125) / 2),
        # At 0.5 and 0.125 too, precision is at least 0.6: the lowest is taken.
        ('precision', 0.6, 0.125 / 2),
        ('recall', 0.3, (0.75 + 0.625) / 2),
        ('recall', 0.5, (0.5 + 0.25) / 2),
        ('recall', 1.0, (0.25 + 0.125) / 2),
    ],
)
def test_by_hand(objective, target, expected):
    order = [3, 0, 4, 2, 1]
    fitted = fit_threshold(SCORE[order], PRESENT[order], objective, target)
    assert fitted == expected


def test_of_equal_f1_the_highest_threshold_is_taken():
    # F1 is 2 / (1 + 2) at the first score and 4 / (4 + 2) at the last.
    present = np.array([1, 0, 0, 1], dtype=bool)
    assert fit_threshold(SCORE[:4], present) == (0.75 + 0.625) / 2


def test_equal_scores_enter_together():
    score = np.array([0.5, 0.5, 0.5], dtype=np.float32)
    present = np.array([1, 0, 1], dtype=bool)
    for objective, target in (('f1', None), ('precision', 0.6), ('recall', 0.1)):
        assert fit_threshold(score, present, objective, target) == 0.25
    assert np.isnan(fit_threshold(score, present, 'precision', 0.7))


def test_precision_out_of_reach_is_nan():
    # Precision is 0, 1/2, 1/3.
    present = np.array([0, 1, 0], dtype=bool)
    assert np.isnan(fit_threshold(SCORE[:3], present, 'precision', 0.6))


def test_label_without_positives_has_no_threshold():
    for objective, target in (('f1', None), ('precision', 0.1), ('recall', 0.1)):
        assert np.isnan(fit_threshold(SCORE, PRESENT & False, objective, target))
    assert np.isnan(fit_threshold(SCORE[:0], PRESENT[:0]))


def test_label_without_negatives_is_always_predicted():
    fitted = fit_threshold(SCORE, PRESENT | True)
    assert fitted == 0.125 / 2
    assert fit_threshold(np.array([0.0], dtype=np.float32), np.array([True])) == 0


def test_neighbours_in_float32_are_told_apart():
    # A saturated sigmoid: one step of float32 lies between the two images.
    score = np.array([1, np.nextafter(np.float32(1), np.float32(0))], dtype=np.float32)
    fitted = fit_threshold(score, np.array([True, False]))
    assert (score >= np.float64(fitted)).tolist() == [True, False]


def test_without_resamples_the_fit_is_the_plain_one():
    assert fit_resampled_threshold(SCORE, PRESENT, 0, seed=0) == 0.1875
    assert np.isnan(fit_resampled_threshold(SCORE, PRESENT & False, 3, seed=0))


def test_resamples_are_averaged_whatever_they_draw():
    # Two images, the upper one present: their threshold lies at 0.5. A resample of
    # the upper one alone says 0.375, of the lower one alone nothing.
    score, present = np.array([0.75, 0.25]), np.array([True, False])
    draws = np.random.default_rng(3).integers(2, size=(8, 2)).sum(axis=1).tolist()
    both, upper, lower = (draws.count(kind) for kind in (1, 0, 2))
    assert min(both, upper, lower) > 0
    expected = (0.5 * (1 + both) + 0.375 * upper) / (1 + both + upper)
    fitted = fit_resampled_threshold(score, present, 8, seed=3)
    assert fitted == pytest.approx(expected)


def test_resamples_steady_the_threshold():
    def spread(resamples):
        fitted = []
        for seed in range(30):
            rng = np.random.default_rng(seed)
            present = np.arange(60) < 15
            score = rng.beta(2 + 2 * present, 4 - 2 * present)
            fitted.append(fit_resampled_threshold(score, present, resamples, seed))
        return np.std(fitted)

    assert spread(20) < 0.8 * spread(0)


def test_unknown_objective_is_named():
    with pytest.raises(ValueError, match="'f2' is not one of"):
        fit_threshold(SCORE, PRESENT, 'f2')


@pytest.mark.parametrize('decimals', [1, 7])
@pytest.mark.parametrize('seed', range(5))
def test_agrees_with_scikit_learn(decimals, seed):
    rng = np.random.default_rng(seed)
    score = rng.random(80).round(decimals).astype(np.float32)
    present = rng.random(80) < 0.2 + 0.6 * score
    precision, recall, limits = precision_recall_curve(present, score)

    best = max(f1_score(present, score >= limit) for limit in limits)
    assert f1_score(present, score >= fit_threshold(score, present)) == best
    for target in (0.55, 0.8, 1.0):
        reached = limits[precision[:-1] >= target]
        fitted = fit_threshold(score, present, 'precision', target)
        if len(reached) == 0:
            assert np.isnan(fitted)
        else:
            np.testing.assert_array_equal(score >= fitted, score >= reached.min())
        fitted = fit_threshold(score, present, 'recall', target)
        expected = limits[recall[:-1] >= target].max()
        np.testing.assert_array_equal(score >= fitted, score >= expected)
