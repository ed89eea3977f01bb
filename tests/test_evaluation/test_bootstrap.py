"""The bootstrap equals doing every draw the slow way."""

import numpy as np
import pytest

from mmscanet.evaluation.functional import (
    average_precision,
    draw_images,
    recall_at_precision,
    resampled_average_precision,
    resampled_counts,
    threshold_counts,
)


def test_draws_take_as_many_images_as_there_are():
    times = draw_images(50, draws=20, seed=0)
    assert times.shape == (21, 50)
    assert (times[0] == 1).all()
    assert (times.sum(axis=1) == 50).all()
    # With replacement: about 1/e of the images are in no draw.
    assert (times[1:] == 0).mean() == pytest.approx(np.exp(-1), abs=0.05)


def test_draws_depend_on_the_seed_alone():
    first, again, other = (draw_images(50, draws=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize('decimals', [1, 7])
def test_figures_equal_those_of_images_drawn_one_by_one(decimals):
    rng = np.random.default_rng(0)
    positive = np.arange(40) < 12
    score = (rng.random(40) + positive * 0.3).round(decimals)
    times = draw_images(40, draws=30, seed=0)
    counts = resampled_counts(score, positive, times)
    aps = resampled_average_precision(*counts)
    recalls = recall_at_precision(*counts, 0.6)
    for ap, recall, taken in zip(aps, recalls, times, strict=True):
        rows = np.repeat(np.arange(40), taken)
        slow = threshold_counts(score[rows], positive[rows])
        assert ap == pytest.approx(average_precision(*slow))
        assert recall == pytest.approx(recall_at_precision(*slow, 0.6))


def test_draw_without_positives_has_no_figure():
    score, positive = np.array([0.9, 0.8]), np.array([True, False])
    times = np.array([[1, 1], [0, 2]])
    ap = resampled_average_precision(*resampled_counts(score, positive, times))
    assert ap.tolist() == pytest.approx([1, np.nan], nan_ok=True)


def test_label_without_positives_has_no_figure():
    counts = resampled_counts(np.array([0.9]), np.array([False]), np.ones((3, 1), int))
    assert np.isnan(resampled_average_precision(*counts)).tolist() == [True] * 3
