"""Differences of predictions, by hand."""

import numpy as np

from mmscanet.deployment.agreement import (
    box_difference,
    label_difference,
    split_batch,
)

SHAPE = (100, 200)


def prediction(
    boxes: list[list[float]], labels: list[int], scores: list[float]
) -> dict[str, np.ndarray]:
    return dict(
        scores=np.array([0.5, 0.7]),
        boxes=np.array(boxes, dtype=float).reshape(-1, 4),
        box_labels=np.array(labels, dtype=int),
        box_scores=np.array(scores, dtype=float),
    )


def test_labels_differ_by_the_worst_of_all_scores() -> None:
    ours = dict(scores=np.array([0.5, 0.7]), context_scores=np.array([0.1, 0.2]))
    theirs = dict(scores=np.array([0.5, 0.6]), context_scores=np.array([0.4, 0.2]))
    assert np.isclose(label_difference(ours, theirs), 0.3)


def test_boxes_differ_by_shares_of_the_image() -> None:
    ours = prediction([[0, 0, 50, 50]], [1], [0.9])
    wider = prediction([[0, 0, 60, 50]], [1], [0.9])  # 10 of 200
    higher = prediction([[0, 0, 50, 60]], [1], [0.9])  # 10 of 100
    surer = prediction([[0, 0, 50, 50]], [1], [0.95])
    assert np.isclose(box_difference(ours, wider, SHAPE), 0.05)
    assert np.isclose(box_difference(ours, higher, SHAPE), 0.1)
    assert np.isclose(box_difference(ours, surer, SHAPE), 0.05)


def test_the_order_of_boxes_is_no_difference() -> None:
    corners = [[0, 0, 50, 50], [9, 9, 20, 20]]
    ours = prediction(corners, [1, 0], [0.9, 0.8])
    theirs = prediction(corners[::-1], [0, 1], [0.8, 0.9])
    assert box_difference(ours, theirs, SHAPE) == 0


def test_another_label_and_a_missing_box_are_differences_without_bound() -> None:
    ours = prediction([[0, 0, 50, 50]], [1], [0.9])
    assert box_difference(ours, prediction([[0, 0, 50, 50]], [0], [0.9]), SHAPE) > 1
    assert box_difference(ours, prediction([], [], []), SHAPE) > 1
    assert box_difference(prediction([], [], []), prediction([], [], []), SHAPE) == 0


def test_two_boxes_cannot_both_answer_for_one() -> None:
    ours = prediction([[0, 0, 50, 50], [0, 0, 50, 50]], [1, 1], [0.9, 0.9])
    theirs = prediction([[0, 0, 50, 50], [80, 0, 99, 50]], [1, 1], [0.9, 0.9])
    assert box_difference(ours, theirs, SHAPE) > 0.1


def test_what_is_not_a_number_is_not_overlooked() -> None:
    ours = prediction([[0, 0, 50, 50], [0, 0, 9, 9]], [1, 1], [0.9, np.nan])
    theirs = prediction([[0, 0, 50, 50], [0, 0, 9, 9]], [1, 1], [0.9, 0.8])
    assert not box_difference(ours, theirs, SHAPE) <= 1
    assert not box_difference(theirs, ours, SHAPE) <= 1
    ours = dict(scores=np.array([0.5, 0.7]), context_scores=np.array([0.1, np.nan]))
    theirs = dict(scores=np.array([0.5, 0.6]), context_scores=np.array([0.4, 0.2]))
    assert not label_difference(ours, theirs) <= 1


def test_a_batch_is_parted_without_blank_places() -> None:
    outputs = dict(
        scores=np.array([[0.5], [0.6]]),
        box_labels=np.array([[0, -1], [-1, -1]]),
        box_scores=np.array([[0.4, 0.0], [0.0, 0.0]]),
    )
    first, second = split_batch(outputs)
    assert first['box_scores'].tolist() == [0.4]
    assert second['scores'].tolist() == [0.6]
    assert len(second['box_labels']) == 0
