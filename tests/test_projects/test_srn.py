"""Spatial regularisation of labels by their attention maps."""

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from projects.srn.srn import SpatialRegularization, SRNHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, map_size=5, channels=8),
)
"""
SIZES = dict(in_channels=5, num_classes=3, map_size=4, channels=2)


@pytest.fixture
def feats():
    return torch.full((2, 5, 8, 8), 9.0), torch.randn(2, 5, 4, 4)


@pytest.fixture
def samples():
    """An image with labels, one of them in doubt, and one without any."""
    cells = torch.tensor([[1, 0, -1], [0, 0, 0]], dtype=torch.int8)
    return [DetDataSample(gt_score=row) for row in cells]


@pytest.fixture
def srn():
    """With attention that is not even."""
    torch.manual_seed(0)
    srn = SpatialRegularization(**SIZES)
    torch.nn.init.normal_(srn.score.weight, std=30)
    return srn


def linear(conv: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """A 1 x 1 convolution at one cell, (D,) -> (D',)."""
    return conv.weight.flatten(1) @ x + conv.bias


def naive_maps(srn: SpatialRegularization, x: torch.Tensor) -> tuple:
    """Attention and confidence (C, H, W) of one map (D, H, W), cell by cell."""
    _, height, width = x.shape
    hidden = srn.f_att(x[None])[0]
    score, confidence = (torch.zeros(3, height, width) for _ in range(2))
    for i in range(height):
        for j in range(width):
            score[:, i, j] = linear(srn.score, hidden[:, i, j])
            confidence[:, i, j] = linear(srn.confidence, x[:, i, j])
    powers = score.exp()
    return powers / powers.sum((1, 2), keepdim=True), confidence


def test_attended_logits_are_the_papers_sum_over_cells(srn, feats):
    x = feats[-1]
    y_att, _ = srn(x)
    for image in range(2):
        attention, confidence = naive_maps(srn, x[image])
        assert attention.flatten(1).std(1).min() > 0.01
        assert torch.allclose(srn.attention(x)[image], attention, atol=1e-5)
        for label in range(3):
            expected = sum(
                attention[label, i, j] * confidence[label, i, j]
                for i in range(4)
                for j in range(4)
            )
            assert torch.allclose(y_att[image, label], expected, atol=1e-5)


def test_regularised_logits_are_the_papers_layers(srn, feats):
    """Four filters each channel, over all places; then a linear layer."""
    conv2, conv3, conv4 = srn.f_sr[0::2]
    x = feats[-1][0]
    attention, confidence = naive_maps(srn, x)
    u = 16 * attention / (1 + (-confidence).exp())
    hidden = torch.zeros(2, 4, 4)
    for i in range(4):
        for j in range(4):
            first = linear(conv2, u[:, i, j]).clamp(min=0)
            hidden[:, i, j] = linear(conv3, first).clamp(min=0)
    outputs = []
    for channel in range(2):
        for number in range(4 * channel, 4 * channel + 4):
            seen = (conv4.weight[number, 0] * hidden[channel]).sum()
            outputs.append((seen + conv4.bias[number]).clamp(min=0))
    expected = srn.fc(torch.stack(outputs))
    assert torch.allclose(srn(x[None])[1][0], expected, atol=1e-5)


def test_main_net_and_srn_are_weighed(feats):
    head = SRNHead(alpha=0.3, **SIZES)
    main = head.fc(feats[-1].flatten(2).mean(2))
    _, sr = head.srn(feats[-1])
    assert torch.allclose(head(feats), 0.3 * main + 0.7 * sr, atol=1e-6)
    assert SRNHead(**SIZES).alpha == 0.5


def test_three_logits_have_a_loss(feats, samples):
    head = SRNHead(**SIZES)
    y_att, _ = head.srn(feats[-1])
    losses = head.loss(feats, samples)
    assert set(losses) == {'loss_cls', 'loss_main', 'loss_att'}
    main = head.fc(feats[-1].mean((2, 3)))
    for name, logits in dict(cls=head(feats), main=main, att=y_att).items():
        assert torch.equal(losses[f'loss_{name}'], head.label_loss(logits, samples))
    sum(losses.values()).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name
    # The doubtful label of one image is absent in the other, and learns from it.
    head.zero_grad()
    head.loss([x[:1] for x in feats], samples[:1])['loss_att'].backward()
    learnt = head.srn.confidence.weight.grad.flatten(1).any(1)
    assert learnt.tolist() == [True, True, False]


def test_it_can_read_another_stage_than_the_main_net():
    feats = torch.randn(2, 7, 8, 8), torch.randn(2, 5, 4, 4)
    head = SRNHead(**(SIZES | dict(map_size=8)), srn_level=-2, srn_channels=7)
    _, sr = head.srn(feats[0])
    main = head.fc(feats[1].mean((2, 3)))
    assert torch.allclose(head(feats), (main + sr) / 2, atol=1e-6)


@pytest.mark.parametrize('size', [(1, 1), (8, 8), (3, 7)])
def test_even_attention_reads_alike_at_any_size(size):
    """One colour all over: the number of cells plays no part."""
    head = SRNHead(**SIZES)
    colour = torch.randn(2, 5, 1, 1)
    torch.nn.init.zeros_(head.srn.score.weight)
    expected = head((colour.expand(2, 5, 4, 4),))
    assert torch.allclose(head((colour.expand(2, 5, *size),)), expected, atol=1e-5)


def test_a_batch_of_two_is_two_batches_of_one_from_the_prior():
    feats = (torch.randn(2, 5, 4, 4).relu(),)
    head = SRNHead(**SIZES)
    head.init_weights()
    scores = head.predict(feats)
    apart = torch.cat([head.predict((feats[0][i : i + 1],)) for i in range(2)])
    assert torch.allclose(scores, apart, atol=1e-7)
    assert (scores - 0.01).abs().max() < 0.005
    # Attention starts even.
    assert torch.allclose(head.srn.attention(feats[0]), torch.tensor(1 / 16), atol=0.01)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(alpha=1.5), r'alpha must be in \[0, 1\], not 1.5'),
        (dict(map_size=0), 'map_size must be at least 1, not 0'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        SRNHead(**(SIZES | settings))


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny('srn', 'projects/srn/configs/srn_r18_shapes.py', TINY_MODEL)
    train_and_label(config)


@pytest.mark.parametrize('level', [2, 0])
def test_a_level_that_is_not_there_or_has_other_channels_is_named(level):
    head = SRNHead(**SIZES, srn_level=level)
    feats = torch.rand(1, 4, 4, 4), torch.rand(1, 5, 4, 4)
    message = rf'srn_level={level} with srn_channels=5: .* \[4, 5\] channels'
    with pytest.raises(ConfigError, match=message):
        head(feats)
