"""Regions that an LSTM finds one after the other, and the labels in them."""

import math

import pytest
import torch
from mmdet.structures import DetDataSample

from mmscanet.errors import ConfigError
from mmscanet.models.layers import GlobalPooling
from projects.rnn_attention.rnn_attention import (
    LocalisationLoss,
    RNNAttentionHead,
    anchors,
)

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, hidden_channels=8, steps=2, region_size=3),
)
"""
SIZES = dict(in_channels=5, num_classes=3, hidden_channels=6)


@pytest.fixture
def head():
    head = RNNAttentionHead(region_size=4, **SIZES)
    # Regions that differ and reach past the map, and scores that differ.
    torch.nn.init.normal_(head.locate.weight, std=2)
    return head


@pytest.fixture
def feats():
    return torch.full((2, 5, 9, 9), 9.0), torch.randn(2, 5, 6, 8)


def samples(*rows):
    """Data samples of images with these cells."""
    result = [DetDataSample() for _ in rows]
    for sample, row in zip(result, rows, strict=True):
        sample.gt_score = torch.tensor(row, dtype=torch.int8)
    return result


def read(feature_map, x, y):
    """Linear interpolation of (D, H, W) at x, y from -1 to 1; 0 outside of the map."""
    channels, height, width = feature_map.shape
    column, row = ((x + 1) * width - 1) / 2, ((y + 1) * height - 1) / 2
    value = torch.zeros(channels)
    for i in (math.floor(row), math.floor(row) + 1):
        for j in (math.floor(column), math.floor(column) + 1):
            if 0 <= i < height and 0 <= j < width:
                weight = (1 - abs(row - i)) * (1 - abs(column - j))
                value += weight * feature_map[:, i, j]
    return value


def naive_cut(feature_map, region, size):
    """The region place by place; places are the middles of its size x size tiles."""
    s_x, s_y, t_x, t_y = region.tolist()
    result = torch.zeros(len(feature_map), size, size)
    for i in range(size):
        for j in range(size):
            x, y = (2 * j + 1) / size - 1, (2 * i + 1) / size - 1
            result[:, i, j] = read(feature_map, s_x * x + t_x, s_y * y + t_y)
    return result


@torch.no_grad()
@pytest.mark.parametrize(
    'region', [[1, 1, 0, 0], [0.5, 0.3, 0.2, -0.6], [0.4, 0.8, 0.9, 0.9], [-0.5] * 4]
)
def test_a_region_is_read_by_interpolation(head, feats, region):
    region = torch.tensor(region).float()
    cut = head.cut(feats[-1], region.expand(2, 4))
    for feature_map, ours in zip(feats[-1], cut, strict=True):
        assert torch.allclose(ours, naive_cut(feature_map, region, 4), atol=1e-4)


def recur(cell, x, hidden, memory):
    """A long short-term memory, its four gates one by one."""
    gates = cell.weight_ih @ x + cell.bias_ih + cell.weight_hh @ hidden + cell.bias_hh
    admit, keep, content, show = gates.chunk(4)
    memory = keep.sigmoid() * memory + admit.sigmoid() * content.tanh()
    return show.sigmoid() * memory.tanh(), memory


@torch.no_grad()
@pytest.mark.parametrize('pool', ['avg', 'max'])
def test_regions_and_scores_are_the_papers_recurrence(head, feats, pool):
    assert head.pool.pool == 'avg'
    head.pool = GlobalPooling(pool)
    regions, logits = head.look(feats[-1])
    assert regions.shape == (2, 5, 4) and logits.shape == (2, 5, 3)

    def linear(layer, x):
        return layer.weight @ x + layer.bias

    for i, seen in enumerate(feats[-1]):
        hidden = memory = torch.zeros(6)
        for k in range(6):
            pooled = seen.mean((1, 2)) if pool == 'avg' else seen.amax((1, 2))
            x = linear(head.read, pooled).clamp(min=0)
            hidden, memory = recur(head.lstm, x, hidden, memory)
            z = linear(head.hidden, hidden).clamp(min=0)
            if k > 0:  # the whole map is not scored
                expected = linear(head.score, z)
                assert torch.allclose(logits[i, k - 1], expected, atol=1e-3)
            if k < 5:
                region = linear(head.locate, z)
                assert torch.allclose(regions[i, k], region, atol=1e-3)
                seen = naive_cut(feats[-1][i], region, 4)
        highest = [max(logits[i, :, c].tolist()) for c in range(3)]
        assert head(feats)[i].tolist() == pytest.approx(highest, abs=1e-6)


def test_anchors_of_five_steps_are_the_middle_and_the_quarters_middles():
    expected = [[0, 0], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5], [0.5, -0.5]]
    assert torch.allclose(anchors(5), torch.tensor(expected), atol=1e-6)
    assert anchors(1).tolist() == [[0, 0]]
    # All but the first are equally far from the middle and from their neighbours.
    circle = anchors(7)[1:]
    assert torch.allclose(circle.norm(dim=1), torch.full((6,), 0.5**0.5))
    gaps = (circle - circle.roll(1, 0)).norm(dim=1)
    assert torch.allclose(gaps, gaps[:1].expand(6), atol=1e-6)


def test_constraints_are_the_papers_sums():
    loss = LocalisationLoss(
        weight=0.7, anchor_weight=2.0, positive_weight=3.0, max_scale=0.6, min_scale=0.2
    )
    regions = torch.randn(3, 5, 4)
    scale = anchor = positive = 0.0
    for image in regions.tolist():
        for (s_x, s_y, t_x, t_y), (c_x, c_y) in zip(
            image, anchors(5).tolist(), strict=True
        ):
            anchor += ((t_x - c_x) ** 2 + (t_y - c_y) ** 2) / 2 / 15
            for size in (s_x, s_y):
                scale += max(abs(size) - 0.6, 0) ** 2 / 15
                positive += max(0.2 - size, 0) / 15
    assert loss.scale(regions).item() == pytest.approx(scale, rel=1e-5)
    assert loss.anchor(regions).item() == pytest.approx(anchor, rel=1e-5)
    assert loss.positive(regions).item() == pytest.approx(positive, rel=1e-5)
    total = 0.7 * (scale + 2 * anchor + 3 * positive)
    assert loss(regions).item() == pytest.approx(total, rel=1e-5)


def test_a_region_within_its_limits_on_its_anchor_costs_nothing():
    good = torch.cat((torch.full((5, 2), 0.3), anchors(5)), 1)[None]
    assert LocalisationLoss()(good) == 0
    for at, value in ((0, 0.6), (1, 0.05), (1, -0.3), (2, 0.4)):
        bad = good.clone()
        bad[0, 0, at] = value
        assert LocalisationLoss()(bad) > 0


def test_loss_is_of_the_fused_logits_and_of_the_regions(head, feats):
    batch = samples([1, -1, 0], [0, 0, 0])
    losses = head.loss(feats, batch)
    regions, logits = head.look(feats[-1])
    fused = logits.max(1).values
    cells = [(0, 0, 1), (0, 2, 0), (1, 0, 0), (1, 1, 0), (1, 2, 0)]
    expected = sum(
        torch.nn.functional.softplus(-fused[i, c] if present else fused[i, c])
        for i, c, present in cells
    )
    assert list(losses) == ['loss_cls', 'loss_loc']
    assert torch.allclose(losses['loss_cls'], expected / 2, atol=1e-5)
    assert torch.equal(losses['loss_loc'], head.localisation(regions))


def test_labels_teach_where_to_look(head, feats):
    """The gradient of the label loss alone reaches the layer that finds regions."""
    head.loss(feats, samples([1, 0, 1], [0, 0, 0]))['loss_cls'].backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name
        assert param.grad.abs().sum() > 0, name
    assert (head.locate.weight.grad.abs().sum(1) > 0).all()


@torch.no_grad()
@pytest.mark.parametrize('steps', [1, 3])
def test_a_batch_is_its_images_one_by_one(feats, steps):
    head = RNNAttentionHead(steps=steps, **SIZES).eval()
    apart = torch.cat([head.predict((each[None],)) for each in feats[-1]])
    assert torch.allclose(head.predict(feats), apart, atol=1e-6)


def test_starts_at_the_prior_and_in_the_middle(feats):
    head = RNNAttentionHead(**SIZES)
    head.init_weights()
    with torch.no_grad():
        regions, _ = head.look(feats[-1])
        assert torch.allclose(head.predict(feats), torch.tensor(0.01), atol=2e-3)
    expected = torch.tensor([0.5, 0.5, 0, 0]).expand(2, 5, 4)
    assert torch.allclose(regions, expected, atol=0.1)


def test_half_precision_trains_and_scores(feats):
    head, batch = RNNAttentionHead(**SIZES), samples([1, 0, 1], [0, -1, 0])
    exact, scores = head.loss(feats, batch), head.predict(feats)
    with torch.autocast('cpu', torch.bfloat16):
        half = (feats[-1].bfloat16(),)
        losses, rough = head.loss(half, batch), head.predict(half)
    sum(losses.values()).backward()
    for name, loss in losses.items():
        assert torch.allclose(loss, exact[name], rtol=0.05), name
    assert torch.allclose(rough, scores, atol=0.02)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(steps=0), 'steps must be at least 1, not 0'),
        (dict(region_size=0), 'region_size must be at least 1, not 0'),
        (dict(localisation=dict(weight=-1)), r'localisation.weight .* not -1'),
        (dict(localisation=dict(min_scale=0.5)), 'min_scale must be above 0 and below'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        RNNAttentionHead(**SIZES, **settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'rnn_attention',
        'projects/rnn_attention/configs/rnn_attention_r18_shapes.py',
        TINY_MODEL,
    )
    train_and_label(config)
