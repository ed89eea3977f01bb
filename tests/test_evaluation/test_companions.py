"""Usual companions and the rates beside them, counted by hand."""

import numpy as np
import pytest

from mmscanet.evaluation.functional import Companion, find_companions, rates_beside


def truth(*rows_and_counts):
    """Repeat each row of ground truth as often as the number that follows it."""
    rows, counts = rows_and_counts[::2], rows_and_counts[1::2]
    return np.repeat(np.array(rows, dtype=np.int8), counts, axis=0)


# Of 20 images: 6 with both, 2 with label 0 alone, 2 with label 1 alone.
PAIR = truth((1, 1), 6, (1, 0), 2, (0, 1), 2, (0, 0), 10)


def test_pair_by_hand():
    first, second = find_companions(PAIR, min_count=2)
    assert first == Companion(
        label=0,
        companion=1,
        share=6 / 8,
        lift=pytest.approx((6 / 8) / (8 / 20)),
        both=6,
        alone=2,
        companion_only=2,
        neither=10,
    )
    assert (second.label, second.companion, second.alone) == (1, 0, 2)


def test_images_not_scored_for_either_label_do_not_count():
    doubtful = truth((1, -1), 50, (-1, 1), 50, (-1, -1), 5)
    found = find_companions(np.concatenate([PAIR, doubtful]), min_count=2)
    assert found == find_companions(PAIR, min_count=2)


def test_too_few_images_make_no_companion():
    assert find_companions(PAIR, min_count=3) == []


def test_recall_or_false_alarms_must_be_comparable():
    # Label 0 is never without label 1: no recall without it, but false alarms.
    always = truth((1, 1), 6, (0, 1), 4, (0, 0), 10)
    first, second = find_companions(always, min_count=4)
    assert (first.label, first.share, first.alone) == (0, 1, 0)
    assert (second.label, second.alone, second.companion_only) == (1, 4, 0)
    # Always together: nothing to compare.
    assert find_companions(truth((1, 1), 6, (0, 0), 10), min_count=4) == []


def test_frequent_label_is_no_companion_without_lift():
    # Label 2 is on 9 of 10 images of label 0, and on 9 of 10 of all others.
    # Label 1 is on 4 of 10, and on 1 of 10 of all others.
    gt_score = truth(
        *((1, 1, 1), 4, (1, 0, 1), 5, (1, 0, 0), 1),
        *((0, 1, 1), 1, (0, 0, 1), 8, (0, 0, 0), 1),
    )
    found = find_companions(gt_score, min_count=1)
    assert [(each.label, each.companion) for each in found] == [(0, 1), (1, 0)]
    assert found[0].lift == pytest.approx(0.4 / 0.25)


def test_higher_share_wins_over_higher_lift():
    # P(1 | 0) = 6/8 at a lift of 1.5, P(2 | 0) = 4/8 at a lift of 2.
    gt_score = truth(
        *((1, 1, 1), 3, (1, 1, 0), 3, (1, 0, 1), 1, (1, 0, 0), 1),
        *((0, 1, 0), 2, (0, 0, 0), 6),
    )
    found = find_companions(gt_score, min_count=1)
    assert (found[0].companion, found[0].share, found[0].lift) == (1, 0.75, 1.5)


def test_companion_that_no_image_shows():
    assert find_companions(truth((1, 0), 5, (0, 0), 5), min_count=1) == []


def test_rates_by_hand():
    (pair, _) = find_companions(PAIR, min_count=2)
    predicted = np.zeros((20, 2), dtype=bool)
    # Rows 0 to 5: both; 6, 7: label 0 alone; 8, 9: label 1 alone; then neither.
    predicted[[0, 1, 2, 6, 8, 9, 10], 0] = True
    ones = np.ones((1, 20), dtype=int)
    beside, without = rates_beside(predicted, PAIR, [pair], ones, label_present=True)
    assert (beside.tolist(), without.tolist()) == ([[3 / 6]], [[1 / 2]])
    beside, without = rates_beside(predicted, PAIR, [pair], ones, label_present=False)
    assert (beside.tolist(), without.tolist()) == ([[2 / 2]], [[1 / 10]])


def test_rates_of_draws_weigh_images():
    (pair, _) = find_companions(PAIR, min_count=2)
    predicted = np.zeros((20, 2), dtype=bool)
    predicted[[0, 6], 0] = True
    times = np.zeros((2, 20), dtype=int)
    times[0, [0, 1, 6]] = (3, 1, 2)
    times[1, 0] = 1  # no image of label 0 alone
    beside, without = rates_beside(predicted, PAIR, [pair], times, label_present=True)
    assert beside.tolist() == [[3 / 4], [1]]
    assert without[0] == 1
    assert np.isnan(without[1])


def test_cells_that_are_not_scored_have_no_rate():
    (pair, _) = find_companions(PAIR, min_count=2)
    gt_score = np.concatenate([PAIR, truth((1, -1), 3, (-1, 1), 3)])
    predicted = np.zeros((26, 2), dtype=bool)
    predicted[20:] = True  # on the doubtful images only
    ones = np.ones((1, 26), dtype=int)
    for label_present in (True, False):
        rates = rates_beside(
            predicted, gt_score, [pair], ones, label_present=label_present
        )
        assert np.concatenate(rates).tolist() == [[0], [0]]


def test_no_pairs_have_no_rates():
    rates = rates_beside(
        PAIR == 1, PAIR, [], np.ones((3, 20), dtype=int), label_present=True
    )
    assert [each.shape for each in rates] == [(3, 0), (3, 0)]
