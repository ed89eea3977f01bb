"""Which labels an image has, and which boxes speak for them."""

import pytest
import torch

from mmscanet.structures import passing_labels
from mmscanet.structures.label_evidence import Scores

CLASSES = ('cat', 'dog', 'cup')


def test_labels_pass_at_their_own_threshold_by_falling_score(make_sample):
    sample = make_sample([0.25, 0.875, 0.5])
    labels = passing_labels(sample, [0.125, 0.9, 0.5], CLASSES)
    assert [(each.name, each.index) for each in labels] == [('cup', 2), ('cat', 0)]
    assert [each.threshold for each in labels] == [0.5, 0.125]
    assert [each.scores for each in labels] == [Scores(0.5), Scores(0.25)]
    assert passing_labels(sample, 0.9, CLASSES) == []


def test_boxes_that_pass_and_the_best_in_any_case(make_sample):
    boxes = [[9 * i, 0, 9 * i + 5, 5] for i in range(5)]
    sample = make_sample(
        score=[0.9, 0.5, 0.0],
        boxes=boxes,
        labels=[0, 1, 0, 1, 0],
        scores=[
            0.4,
            0.2,
            0.9,
            0.3,
            0.5,
        ],  # not in order, as pooling may be other than max
        context_boxes=[[0, 0, 9, i + 9] for i in range(5)],
    )
    cat, dog = passing_labels(sample, 0.5, CLASSES)
    assert [box.box[0] for box in cat.boxes] == [18, 36]
    assert [box.context_box[3] for box in cat.boxes] == [11, 13]
    assert [box.box[0] for box in dog.boxes] == [27]  # 0.3 < 0.5, but its best


@pytest.mark.parametrize(
    ('box', 'shown'),
    [
        pytest.param([30, 0, 40, 10], True, id='elsewhere'),
        pytest.param([0, 11, 20, 31], True, id='nine twentieths of both'),
        pytest.param([0, 10, 20, 30], False, id='half of both'),
        pytest.param([5, 5, 10, 10], False, id='a part'),
        pytest.param([0, 0, 90, 90], False, id='around it'),
        pytest.param([15, 0, 25, 8], False, id='half of the smaller'),
        pytest.param([16, 0, 26, 8], True, id='less'),
    ],
)
def test_a_further_box_shares_little_with_a_better_one(make_sample, box, shown):
    boxes = {'boxes': [box, [0, 0, 20, 20]], 'labels': [0, 0], 'scores': [0.8, 0.9]}
    (cat,) = passing_labels(make_sample([0.9], **boxes), 0.5, ('cat',))
    expected = [[0, 0, 20, 20], box][: 1 + shown]
    assert [each.box.tolist() for each in cat.boxes] == expected


def test_what_is_not_shown_hides_nothing(make_sample):
    """The second box has most of the third in it, and is left out for the first."""
    sample = make_sample(
        [0.9],
        boxes=[[0, 0, 10, 10], [0, 0, 25, 10], [13, 0, 25, 10]],
        labels=[0, 0, 0],
        scores=[0.9, 0.8, 0.7],
    )
    (cat,) = passing_labels(sample, 0.5, ('cat',))
    assert [box.box[0] for box in cat.boxes] == [0, 13]


@pytest.mark.parametrize(
    ('object_score', 'context_score', 'shown'),
    [
        (0.5, 0.5, True),
        (0.4, 0.7, True),  # the root of 0.28 is 0.529
        (0.2, 1.0, False),
        (1.0, 0.2, False),
        (0.4, None, False),
        (None, 0.6, True),
    ],
)
def test_a_further_box_passes_without_the_scene(
    make_sample, object_score, context_score, shown
):
    boxes = {'boxes': [[0, 0, 9, 9], [20, 0, 29, 9]], 'labels': [0, 0]}
    sample = make_sample([0.9], **boxes, scores=[0.9, 0.8])
    sample.pred_instances.scene_scores = torch.ones(2)
    for branch, score in (('object', object_score), ('context', context_score)):
        if score is not None:
            scores = torch.tensor([0.1, score], dtype=torch.float64)
            sample.pred_instances.set_field(scores, f'{branch}_scores')
    (cat,) = passing_labels(sample, 0.5, ('cat',))
    assert [box.box[0] for box in cat.boxes] == [0, 20][: 1 + shown]
    sample.pred_instances.scores[1] = 0.4  # nor against the scene
    (cat,) = passing_labels(sample, 0.5, ('cat',))
    assert len(cat.boxes) == 1


@pytest.mark.parametrize(
    ('object_score', 'context_score', 'expected'),
    [
        (0.4, 0.9, True),
        (0.5, 0.9, False),  # the object branch alone reaches the threshold
        (0.9, 0.4, False),
        (0.4, None, False),
        (None, 0.9, False),
    ],
)
def test_context_only(make_sample, object_score, context_score, expected):
    scores = (None if s is None else [s] for s in (object_score, context_score))
    (label,) = passing_labels(make_sample([0.6], *scores), 0.5, ('cat',))
    assert label.context_only is expected
    assert label.boxes == ()


def test_counts_must_agree(make_sample):
    with pytest.raises(ValueError, match='2 thresholds for 1 labels'):
        passing_labels(make_sample([0.6]), [0.5, 0.5], ('cat',))
    with pytest.raises(ValueError, match='3 names for 1 labels'):
        passing_labels(make_sample([0.6]), 0.5, CLASSES)
