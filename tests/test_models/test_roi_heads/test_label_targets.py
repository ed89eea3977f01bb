"""Targets of the label predictors, by hand."""

import torch
from mmengine.structures import InstanceData

from mmscanet.models.roi_heads.label_targets import (
    context_target,
    image_labels,
    object_target,
    present,
    unknown,
)


def instances(boxes, labels):
    return InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4),
        labels=torch.tensor(labels, dtype=torch.long),
    )


PATCHES = torch.tensor([[0, 0, 20, 20], [50, 50, 60, 60.0]])


def test_an_instance_is_inside_by_half_of_its_own_area():
    # Half, just under half, and a large box that holds the patch.
    boxes = [[10, 0, 30, 10], [10.5, 0, 30.5, 10], [0, 0, 100, 100]]
    found = present(PATCHES, instances(boxes, [0, 1, 2]), 3)
    assert found.tolist() == [[True, False, False], [False, False, False]]


def test_no_instances():
    assert not present(PATCHES, instances([], []), 3).any()


def test_object_target_is_one_hot_with_zeros_for_background():
    assert object_target(torch.tensor([1, 2]), 2).tolist() == [
        [False, True],
        [False, False],
    ]


def test_context_targets():
    gt = instances([[0, 0, 10, 10], [10, 10, 20, 20], [80, 80, 90, 90]], [0, 1, 2])
    matched = torch.tensor([0, 3])
    args = (PATCHES, matched, gt, None, 3)
    assert context_target('inside', *args).tolist() == [
        [True, True, False],
        [False, False, False],
    ]
    assert context_target('matched', *args).tolist() == [
        [True, False, False],
        [False, False, False],
    ]
    assert context_target('image', *args).all()


def test_image_labels_prefer_the_data_sets():
    gt = instances([[0, 0, 9, 9]], [0])
    assert image_labels(gt, None, 3).tolist() == [True, False, False]
    # Label 1 is a crowd, which has no box in gt; label 2 is not scored.
    score = torch.tensor([1, 1, -1], dtype=torch.int8)
    assert image_labels(gt, score, 3).tolist() == [True, True, False]


def test_ignored_boxes_are_unknown_where_they_are():
    # A small one inside the first patch, a large one around the second.
    ignored = instances([[1, 1, 5, 5], [40, 40, 100, 100]], [0, 1])
    assert unknown(PATCHES, ignored, None, 3).tolist() == [
        [True, False, False],
        [False, True, False],
    ]


def test_a_label_that_is_not_scored_is_unknown_everywhere():
    score = torch.tensor([0, 1, -1], dtype=torch.int8)
    found = unknown(PATCHES, instances([], []), score, 3)
    assert found.tolist() == [[False, False, True]] * 2
