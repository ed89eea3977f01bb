"""Which labels an image has, and which boxes speak for them."""

import pytest

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
    boxes = [[i, 0, i + 5, 5] for i in range(5)]
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
    assert [box.box[0] for box in cat.boxes] == [2, 4]
    assert [box.context_box[3] for box in cat.boxes] == [11, 13]
    assert [box.box[0] for box in dog.boxes] == [3]  # 0.3 < 0.5, but its best


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
