"""Eq. 5 and its readings of sigma."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmscanet.models import PatchLabelLoss

LOGITS = torch.tensor([[0.0, 2.0], [-1.0, 3.0]])
TARGET = torch.tensor([[1, 0], [0, 1]])


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_off_is_binary_cross_entropy_summed_over_labels():
    expected = -(
        math.log(sigmoid(0))
        + math.log(1 - sigmoid(2))
        + math.log(1 - sigmoid(-1))
        + math.log(sigmoid(3))
    )
    assert PatchLabelLoss()(LOGITS, TARGET).item() == pytest.approx(expected / 2)


def test_prob_scales_the_probability():
    expected = -(
        math.log(0.5 * sigmoid(0))
        + math.log(1 - 0.5 * sigmoid(2))
        + math.log(1 - 0.5 * sigmoid(-1))
        + math.log(0.5 * sigmoid(3))
    )
    loss = PatchLabelLoss('prob', sigma=0.5)(LOGITS, TARGET)
    assert loss.item() == pytest.approx(expected / 2)


def test_logit_scales_the_logit_in_loss_and_score():
    loss = PatchLabelLoss('logit', sigma=0.5)
    expected = F.binary_cross_entropy_with_logits(
        LOGITS * 0.5, TARGET.float(), reduction='sum'
    )
    assert loss(LOGITS, TARGET) == pytest.approx(expected.item() / 2)
    assert loss.get_activation(torch.tensor(4.0)) == pytest.approx(sigmoid(2))


def test_focus_gives_easy_labels_less_weight():
    present, absent = 2.0, 3.0
    expected = -(
        (1 - sigmoid(0)) ** present * math.log(sigmoid(0))
        + sigmoid(2) ** absent * math.log(1 - sigmoid(2))
        + sigmoid(-1) ** absent * math.log(1 - sigmoid(-1))
        + (1 - sigmoid(3)) ** present * math.log(sigmoid(3))
    )
    loss = PatchLabelLoss(focus_present=present, focus_absent=absent)
    assert loss(LOGITS, TARGET).item() == pytest.approx(expected / 2)
    # At a score of exactly 0 or 1 the power has no slope of its own.
    sure = torch.tensor([[200.0, -200.0]], requires_grad=True)
    loss(sure, TARGET[:1]).backward()
    assert sure.grad.isfinite().all()
    with pytest.raises(ValueError, match='focus_absent must be at least 0'):
        PatchLabelLoss(focus_absent=-1.0)


def test_prob_damps_confident_wrong_labels():
    def slope(loss):
        logit = torch.full((1, 1), 8.0, requires_grad=True)
        loss(logit, torch.zeros(1, 1)).backward()
        return logit.grad.item()

    assert slope(PatchLabelLoss('off')) == pytest.approx(1, abs=1e-3)
    assert slope(PatchLabelLoss('prob')) < 1e-3


def test_prob_with_a_sigma_of_1_is_plain_also_where_a_score_rounds_to_1():
    logits = torch.tensor([[30.0, -30.0]], requires_grad=True)
    loss = PatchLabelLoss('prob', sigma=1.0)(logits, torch.tensor([[0.0, 1.0]]))
    loss.backward()
    assert loss.item() == pytest.approx(60)
    assert logits.grad[0].tolist() == pytest.approx([1, -1])


@pytest.mark.parametrize('reading', ['off', 'prob', 'logit'])
@pytest.mark.parametrize('sigma', [0.5, 1.0])
def test_finite_with_gradient_at_extreme_logits(reading, sigma):
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    for target in ([[0.0, 1.0]], [[1.0, 0.0]]):
        PatchLabelLoss(reading, sigma)(logits, torch.tensor(target)).backward()
    assert logits.grad.isfinite().all()


def test_weight_leaves_a_cell_out():
    weight = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    loss = PatchLabelLoss()
    full = loss(LOGITS, TARGET) * 2
    left_out = -math.log(1 - sigmoid(2))
    assert (loss(LOGITS, TARGET, weight) * 2).item() == pytest.approx(
        full.item() - left_out
    )


def test_no_patches_give_zero_with_a_gradient():
    logits = torch.zeros(0, 2, requires_grad=True)
    loss = PatchLabelLoss()(logits, torch.zeros(0, 2))
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize('kwargs', [dict(reading='both'), dict(sigma=0), dict(sigma=2)])
def test_wrong_settings_are_named(kwargs):
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        PatchLabelLoss(**kwargs)


@pytest.mark.parametrize('reading', ['off', 'prob', 'logit'])
def test_half_precision_keeps_the_slope_of_a_confident_false_alarm(reading):
    logits = torch.tensor([[6.0, 10.0]])
    slopes = []
    for given in (logits, logits.bfloat16()):
        given = given.clone().requires_grad_()
        loss = PatchLabelLoss(reading, sigma=1.0)(given, torch.zeros(1, 2))
        assert loss.dtype == torch.float32
        loss.backward()
        slopes.append(given.grad.float())
    torch.testing.assert_close(slopes[1], slopes[0], rtol=0.01, atol=0)
