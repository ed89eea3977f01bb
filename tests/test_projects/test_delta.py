"""The image as a whole and its best windows."""

import pytest
import torch
from mmdet.registry import MODELS
from torch import nn

from mmscanet.errors import ConfigError
from projects.delta.delta import DELTAHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8), head=dict(in_channels=16, hidden_channels=8)
)
"""
SIZES = dict(in_channels=5, num_classes=3, hidden_channels=8)


@pytest.fixture
def head():
    head = DELTAHead(**SIZES)
    head.init_weights()
    for module in (head.global_classifier, head.instance_classifier, head.fusion):
        nn.init.normal_(module.weight)
        nn.init.normal_(module.bias)
    return head


@pytest.fixture
def feats():
    return torch.zeros(2, 5, 8, 6), torch.randn(2, 5, 4, 3)


@pytest.fixture
def samples(make_sample):
    """One image with labels, one cell not scored, and one image without a label."""
    samples = [make_sample([0.0] * 3) for _ in range(2)]
    for sample, row in zip(samples, ([1, 0, -1], [0, 0, 0]), strict=True):
        sample.gt_score = torch.tensor(row, dtype=torch.int8)
    return samples


def test_global_stream_reads_the_mean_of_the_cells(head, feats):
    expected = []
    for feature_map in feats[-1]:
        mean = sum(feature_map.flatten(1).T) / 12
        hidden = (head.global_fc.weight @ mean + head.global_fc.bias).clamp(min=0)
        classifier = head.global_classifier
        expected.append(classifier.weight @ hidden + classifier.bias)
    logits = head.global_logits(feats[-1])
    assert torch.allclose(logits, torch.stack(expected), atol=1e-5)


def test_instance_stream_takes_each_labels_best_window(head, feats):
    """Window by window, of three sizes about each cell; 0 beyond the border."""
    weight = head.instance_classifier.weight.flatten(1)
    best = torch.full((2, 3), -torch.inf)
    for side, transfer in zip((1, 3, 5), head.transfers, strict=True):
        reach = side // 2
        padded = nn.functional.pad(feats[-1], [reach] * 4)
        for y in range(4):
            for x in range(3):
                window = padded[:, :, y : y + side, x : x + side]
                hidden = torch.einsum('edhw,bdhw->be', transfer.weight, window)
                hidden = (hidden + transfer.bias).clamp(min=0)
                logits = hidden @ weight.T + head.instance_classifier.bias
                best = best.maximum(logits)
    assert torch.allclose(head.instance_logits(feats[-1]), best, atol=1e-4)


def test_fusion_is_linear_in_both_streams(head, feats):
    streams = head.global_logits(feats[-1]), head.instance_logits(feats[-1])
    ours, theirs = head.fusion.weight[:, :3], head.fusion.weight[:, 3:]
    expected = streams[0] @ ours.T + streams[1] @ theirs.T + head.fusion.bias
    assert torch.allclose(head(feats), expected, atol=1e-5)


def test_fusion_starts_as_the_mean(feats):
    head = DELTAHead(**SIZES)
    head.init_weights()
    expected = sum(head.streams(feats)) / 2
    assert torch.allclose(head(feats), expected, atol=1e-6)


def test_losses_are_of_the_fused_logits_and_of_each_stream(feats, samples):
    head = DELTAHead(**SIZES, stream_loss_weight=0.3)
    losses = head.loss(feats, samples)
    streams = head.streams(feats)
    bce = nn.BCEWithLogitsLoss(reduction='sum')
    expected = []
    for logits in (head(feats), *streams):
        first = bce(logits[0, :2], torch.tensor([1.0, 0.0]))
        expected.append((first + bce(logits[1], torch.zeros(3))) / 2)
    assert list(losses) == ['loss_cls', 'loss_global', 'loss_instance']
    assert losses['loss_cls'].item() == pytest.approx(expected[0].item())
    assert losses['loss_global'].item() == pytest.approx(0.3 * expected[1].item())
    assert losses['loss_instance'].item() == pytest.approx(0.3 * expected[2].item())


@pytest.mark.parametrize('stream_loss_weight', [0.0, 1.0])
def test_every_parameter_is_trained(feats, samples, stream_loss_weight):
    head = DELTAHead(**SIZES, stream_loss_weight=stream_loss_weight)
    head.init_weights()
    sum(head.loss(feats, samples).values()).backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name
        # No window of a size need be the best of any label.
        assert name.startswith('transfers') or param.grad.abs().sum() > 0, name
    assert sum(each.weight.grad.abs().sum() for each in head.transfers) > 0


def test_equal_cells_share_the_gradient():
    """A map without contrast has ties of windows of one cell."""
    x = torch.ones(1, 5, 2, 2, requires_grad=True)
    head = DELTAHead(**SIZES, windows=[1])
    head.instance_logits(x).sum().backward()
    assert torch.allclose(x.grad, x.grad.mean((2, 3), keepdim=True).expand_as(x))


def test_a_batch_is_its_images_one_by_one(head, feats):
    apart = torch.cat([head([level[i : i + 1] for level in feats]) for i in (0, 1)])
    assert torch.allclose(head(feats), apart, atol=1e-5)


def test_scores_start_near_the_prior(feats):
    head = MODELS.build(dict(type='DELTAHead', **SIZES))
    head.init_weights()
    scores = head.predict(feats)
    assert scores.shape == (2, 3)
    assert (scores > 0.008).all() and (scores < 0.012).all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(windows=[]), r'windows must be odd numbers from 1, not \[\]'),
        (dict(windows=[1, 2]), r'windows .* not \[1, 2\]'),
        (dict(windows=[-1]), r'windows .* not \[-1\]'),
        (dict(stream_loss_weight=-1), 'stream_loss_weight must be at least 0, not -1'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        DELTAHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'delta', 'projects/delta/configs/delta_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
