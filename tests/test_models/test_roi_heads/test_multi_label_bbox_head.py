"""The dense nets of a patch."""

import math

import pytest
import torch
from mmengine.model import bias_init_with_prob

from mmscanet.models import MultiLabelBBoxHead

SIZES = dict(in_channels=3, fc_out_channels=8, roi_feat_size=2, num_classes=5)


def test_shapes():
    labels, boxes, patch = MultiLabelBBoxHead(**SIZES)(torch.randn(6, 3, 2, 2))
    assert (labels.shape, boxes.shape, patch.shape) == ((6, 5), (6, 4), (6,))


def test_nets_can_be_left_out():
    x = torch.randn(2, 3, 2, 2)
    context = MultiLabelBBoxHead(with_reg=False, with_patch=False, **SIZES)
    labels, boxes, patch = context(x)
    assert labels.shape == (2, 5) and boxes is None and patch is None
    assert not any('reg' in name or 'patch' in name for name in context.state_dict())
    labels, boxes, patch = MultiLabelBBoxHead(with_cls=False, **SIZES)(x)
    assert labels is None and boxes.shape == (2, 4) and patch.shape == (2,)


def test_no_patches():
    outputs = MultiLabelBBoxHead(**SIZES)(torch.zeros(0, 3, 2, 2))
    assert [len(out) for out in outputs] == [0, 0, 0]


def test_logits_start_from_the_prior():
    head = MultiLabelBBoxHead(prior=0.02, **SIZES)
    head.init_weights()
    bias = pytest.approx(bias_init_with_prob(0.02))
    assert head.fc_cls.bias.tolist() == [bias] * 5
    assert head.fc_patch.bias.tolist() == [bias]
    assert head.fc_reg.bias.tolist() == [0] * 4


def test_patch_loss_is_mean_binary_cross_entropy():
    head = MultiLabelBBoxHead(**SIZES)
    loss = head.patch_loss(torch.tensor([0.0, 2.0]), torch.tensor([True, False]))
    expected = (math.log(2) - math.log(1 - 1 / (1 + math.exp(-2)))) / 2
    assert loss.item() == pytest.approx(expected)
    assert head.patch_loss(torch.zeros(0), torch.zeros(0)).item() == 0
