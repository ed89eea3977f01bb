"""Loss and scores that every peer shares."""

import math

import pytest
import torch
from torch import nn

from mmscanet.models import MultiLabelClsHead

LOGITS = [[0.0, 2.0, -1.0, 0.5], [1.0, -3.0, 0.0, 0.0]]
CELLS = [[1, 0, -1, 0], [0, 0, 0, 0]]  # the second image has no label at all


class GivenLogits(MultiLabelClsHead):
    """A head whose feature map is its logits."""

    def forward(self, feats):
        return feats[-1]


@pytest.fixture
def samples(make_sample):
    return [make_sample(gt_score=row) for row in CELLS]


def bce(logit: float, label: int) -> float:
    """-log of the probability of what is there."""
    return math.log(1 + math.exp(-logit if label else logit))


def focal(logit: float, label: int) -> float:
    """ASL with gamma+ = 0, gamma- = 4 and a margin of 0.05."""
    p = 1 / (1 + math.exp(-logit))
    shifted = max(p - 0.05, 0)
    return -math.log(p) if label else -(shifted**4) * math.log(1 - shifted)


@pytest.mark.parametrize(
    ('loss', 'cell_loss'),
    [(None, bce), (dict(type='mmpretrain.AsymmetricLoss'), focal)],
    ids=['bce', 'asl'],
)
def test_loss_sums_scored_cells_and_averages_images(samples, loss, cell_loss):
    head = GivenLogits(num_classes=4, loss=loss)
    given = torch.tensor(LOGITS, requires_grad=True)
    result = head.loss((given,), samples)
    expected = sum(
        cell_loss(logit, label)
        for logits, labels in zip(LOGITS, CELLS, strict=True)
        for logit, label in zip(logits, labels, strict=True)
        if label >= 0
    )
    assert list(result) == ['loss_cls']
    assert result['loss_cls'].item() == pytest.approx(expected / 2, rel=1e-5)
    result['loss_cls'].backward()
    assert given.grad.isfinite().all()
    assert given.grad[0, 2] == 0 and (given.grad[0, [0, 1, 3]] != 0).all()
    # ASL leaves out an absent label whose score is below its margin.
    assert (given.grad[1, 1] == 0) == (loss is not None)


@pytest.mark.parametrize('loss', ['AsymmetricLoss', 'FocalLoss'])
def test_a_single_label_is_no_class_number(loss, make_sample):
    head = GivenLogits(num_classes=1, loss=dict(type=f'mmpretrain.{loss}'))
    given = torch.zeros(2, 1, requires_grad=True)
    samples = [make_sample(gt_score=[1]), make_sample(gt_score=[0])]
    head.loss((given,), samples)['loss_cls'].backward()
    assert given.grad[0] < 0 < given.grad[1]


def test_labels_are_read_off_boxes_where_there_is_no_gt_score(make_sample):
    head = GivenLogits(num_classes=4)
    boxes = [[0, 0, 9, 9]] * 3
    samples = [make_sample(boxes, [2, 0, 2]), make_sample()]
    assert head.gt_scores(samples).tolist() == [[1, 0, 1, 0], [0, 0, 0, 0]]


def test_scores_are_in_full_precision():
    logits = torch.tensor([[8.0, 8.0625]]).half()
    (scores,) = GivenLogits(num_classes=2).predict((logits,))
    assert scores.dtype == torch.float32
    assert 0 < scores[0] < scores[1] < 1
    assert scores[0].item() == pytest.approx(1 / (1 + math.exp(-8)))


def test_a_head_needs_its_forward():
    class Nothing(MultiLabelClsHead, nn.Module):
        pass

    with pytest.raises(TypeError, match='abstract'):
        Nothing(num_classes=2)
