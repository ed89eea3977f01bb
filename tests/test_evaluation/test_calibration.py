"""Calibration of one label: by hand, by the formula, and beside scikit-learn."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from mmscanet.evaluation.functional import (
    expected_calibration_error,
    fit_temperature,
    fit_threshold,
    scale_by_temperature,
)


def as_labels(*values):
    return np.array(values, dtype=bool)


def test_error_by_hand():
    # Five bins. (0, 0.2]: scores 0.125 and 0.1875, one of two present: a gap of
    # |0.5 - 0.15625|, twice. (0.2, 0.4]: 0.3125, absent. (0.8, 1]: 0.875, present.
    score = np.array([0.125, 0.1875, 0.3125, 0.875])
    present = as_labels(0, 1, 0, 1)
    expected = 2 / 4 * (0.5 - 0.15625) + 1 / 4 * 0.3125 + 1 / 4 * 0.125
    assert expected_calibration_error(score, present, bins=5) == expected


def test_bins_hold_their_upper_edge_and_the_first_also_zero():
    # (0, 0.5] holds 0 and 0.5: a gap of |1 - 0.5|; (0.5, 1] holds 1: none. Were 0.5
    # beside 1, the gaps would be |1 - 0| and |1 - 1.5|.
    score = np.array([0.0, 0.5, 1.0])
    error = expected_calibration_error(score, as_labels(1, 0, 1), bins=2)
    assert error == pytest.approx(0.5 / 3)


def test_error_follows_the_formula():
    rng = np.random.default_rng(0)
    score = rng.random(500).astype(np.float32)
    present = rng.random(500) < score**2
    expected = 0.0
    for low in np.arange(15) / 15:
        rows = (score > low) & (score <= low + 1 / 15)
        gap = abs(present[rows].mean() - score[rows].astype(np.float64).mean())
        expected += rows.mean() * gap
    assert expected_calibration_error(score, present) == pytest.approx(expected)


def test_error_of_a_calibrated_score_is_zero():
    score, present = np.full(4, 0.75), as_labels(1, 1, 0, 1)
    assert expected_calibration_error(score, present) == 0
    assert expected_calibration_error(score, present & False) == 0.75
    assert np.isnan(expected_calibration_error(score[:0], present[:0]))


def test_temperature_by_hand():
    # Three of four images at 0.9 have the label. The likelihood is highest where
    # the scaled score is 3/4: logit 3/4 = log 3 = log 9 / T, so T = 2.
    score = np.full(4, 0.9)
    present = as_labels(1, 1, 0, 1)
    assert fit_temperature(score, present) == pytest.approx(2, rel=1e-4)
    assert scale_by_temperature(score, 2.0) == pytest.approx(0.75)
    # The mirrored case.
    assert fit_temperature(1 - score, ~present) == pytest.approx(2, rel=1e-4)


def test_temperature_is_one_of_each_label():
    scaled = scale_by_temperature(np.array([[0.9, 0.8]]), np.array([2.0, 1.0]))
    assert scaled == pytest.approx(np.array([[0.75, 0.8]]))


def test_agrees_with_logistic_regression():
    rng = np.random.default_rng(1)
    score = expit(rng.normal(-1, 2, 400)).astype(np.float32)
    present = rng.random(400) < expit(logit(score.astype(np.float64)) / 1.7)
    # Without intercept and, all but, without penalty: one coefficient, 1 / T.
    model = LogisticRegression(fit_intercept=False, C=1e9, tol=1e-8)
    model.fit(logit(score.astype(np.float64))[:, None], present)
    fitted = fit_temperature(score, present)
    assert fitted == pytest.approx(1 / model.coef_.item(), rel=1e-3)
    assert fitted == pytest.approx(1.7, rel=0.2)


def test_scaling_changes_no_order_and_no_choice():
    rng = np.random.default_rng(2)
    score = rng.random(200).astype(np.float32)
    present = rng.random(200) < score
    threshold = np.float64(fit_threshold(score, present))
    scaled = scale_by_temperature(score, 1.9)
    np.testing.assert_array_equal(np.argsort(scaled), np.argsort(score))
    moved = scale_by_temperature(threshold, 1.9)
    np.testing.assert_array_equal(scaled >= moved, score >= threshold)


def test_label_of_one_kind_keeps_its_scores():
    score = np.array([0.2, 0.9], dtype=np.float32)
    assert fit_temperature(score, as_labels(1, 1)) == 1
    assert fit_temperature(score, as_labels(0, 0)) == 1


def test_extreme_scores_stay_finite():
    score = np.array([1.0, 0.0, 0.0, 1.0], dtype=np.float32)
    # Always right: as sharp as allowed. Always wrong: as flat as allowed.
    assert fit_temperature(score, as_labels(1, 0, 0, 1)) == pytest.approx(0.05, 0.01)
    assert fit_temperature(score, as_labels(0, 1, 1, 0)) == pytest.approx(20, 0.01)
    scaled = scale_by_temperature(score, 0.05)
    assert scaled.tolist() == pytest.approx([1, 0, 0, 1])
