"""Hits and misses of boxes, by hand."""

import numpy as np
import pytest

from mmscanet.evaluation.functional import (
    match_objects,
    mean_hit_rate,
    overlaps_object,
    points_at_object,
)

BOX = np.array([0.0, 0.0, 10.0, 10.0])
NONE = np.zeros((0, 4))


def boxes(*rows):
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


@pytest.mark.parametrize(
    ('objects', 'doubtful', 'extent', 'centre'),
    [
        pytest.param(boxes(BOX), NONE, 1, 1, id='the same box'),
        pytest.param(boxes((0, 0, 10, 5)), NONE, 1, 1, id='half of it, centre on edge'),
        pytest.param(boxes((0, 0, 10, 4)), NONE, 0, 0, id='less'),
        pytest.param(boxes((4, 4, 6, 6)), NONE, 0, 1, id='small, in the middle'),
        pytest.param(boxes((0, 0, 40, 40)), NONE, 0, 1, id='far too large'),
        pytest.param(boxes((20, 0, 30, 10), BOX), NONE, 1, 1, id='the second'),
        pytest.param(NONE, NONE, 0, 0, id='nothing there'),
        pytest.param(NONE, boxes((0, 0, 40, 40)), -1, -1, id='in a crowd'),
        pytest.param(NONE, boxes((0, 0, 10, 4)), 0, 0, id='mostly outside a crowd'),
        pytest.param(boxes(BOX), boxes(BOX), 1, 1, id='on an object in a crowd'),
        pytest.param(
            boxes((4, 4, 6, 6)), boxes(BOX), -1, 1, id='on a difficult one, too wide'
        ),
    ],
)
def test_a_box_is_judged(objects, doubtful, extent, centre):
    assert overlaps_object(BOX, objects, doubtful) == extent
    assert points_at_object(BOX, objects, doubtful) == centre


def test_the_lowest_overlap_is_a_choice():
    objects = boxes((0, 0, 10, 7))
    assert overlaps_object(BOX, objects, NONE, iou_thr=0.7) == 1
    assert overlaps_object(BOX, objects, NONE, iou_thr=0.75) == 0


def test_each_box_needs_an_object_of_its_own():
    objects = boxes((0, 0, 10, 6), (0, 0, 10, 9), (50, 0, 60, 10))
    found = boxes(BOX, BOX, BOX, (50, 0, 60, 10), (50, 0, 60, 10), (80, 0, 90, 10))
    crowd = boxes((75, 0, 100, 20))
    # the first takes the object that it fits best, and leaves the other to the second
    assert match_objects(found, objects, crowd).tolist() == [1, 1, 0, 1, 0, -1]
    assert match_objects(found[:0], objects, crowd).tolist() == []
    strict = match_objects(found[:2], objects, crowd, iou_thr=0.7)
    assert strict.tolist() == [1, 0]


def test_rates_are_averaged_over_labels():
    judged = np.array([[1, 0, -1], [0, 1, -1], [1, -1, -1], [1, 1, -1]])
    counted = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 1, 1]], dtype=bool)
    assert mean_hit_rate(judged, counted) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert np.isnan(mean_hit_rate(judged, counted & False))
