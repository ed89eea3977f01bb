"""Labels as queries of a Transformer decoder."""

import math

import pytest
import torch
from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from projects.query2label.query2label import Query2LabelHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, hidden_channels=8, feedforward_channels=8, num_heads=2),
)
"""
SIZES = dict(
    in_channels=5,
    num_classes=3,
    hidden_channels=8,
    feedforward_channels=6,
    num_heads=2,
)
ASL = dict(type='mmpretrain.AsymmetricLoss', gamma_pos=0.0, gamma_neg=1.0, clip=0.0)


@pytest.fixture
def head():
    head = Query2LabelHead(**SIZES)
    head.init_weights()
    nn.init.normal_(head.classifier.weight)
    return head.eval()


@pytest.fixture
def feats():
    return torch.zeros(2, 5, 8, 6), torch.randn(2, 5, 4, 3)


def naive_attention(
    attn: nn.MultiheadAttention, queries: Tensor, keys: Tensor, values: Tensor
) -> Tensor:
    """Multi-head attention of one image, vector by vector."""
    parts = zip(
        attn.in_proj_weight.chunk(3),
        attn.in_proj_bias.chunk(3),
        (queries, keys, values),
        strict=True,
    )
    q, k, v = (x @ weight.T + bias for weight, bias, x in parts)
    width = attn.head_dim
    out = []
    for query in q:
        gathered = []
        for i in range(attn.num_heads):
            part = slice(i * width, (i + 1) * width)
            scores = torch.stack([query[part] @ key[part] for key in k])
            weights = (scores / math.sqrt(width)).softmax(0)
            gathered += [
                sum(a * value[part] for a, value in zip(weights, v, strict=True))
            ]
        out.append(attn.out_proj(torch.cat(gathered)))
    return torch.stack(out)


def naive_logits(head: Query2LabelHead, feature_map: Tensor) -> Tensor:
    """Logits (C,) of one image's map (D, H, W)."""
    project = head.project
    tokens = feature_map.flatten(1).T @ project.weight.flatten(1).T + project.bias
    _, height, width = feature_map.shape
    places = torch.stack(
        [place(y, x, height, width) for y in range(height) for x in range(width)]
    )
    for layer in head.encoder.layers:
        where = tokens + places
        tokens = tokens + naive_attention(layer.self_attn.attn, where, where, tokens)
        tokens = layer.norms[0](tokens)
        tokens = layer.norms[1](tokens + feed_forward(layer, tokens))
    labels = head.label_queries.weight
    for layer in head.decoder.layers:
        labels = labels + naive_attention(layer.self_attn.attn, labels, labels, labels)
        labels = layer.norms[0](labels)
        found = naive_attention(layer.cross_attn.attn, labels, tokens + places, tokens)
        labels = layer.norms[1](labels + found)
        labels = layer.norms[2](labels + feed_forward(layer, labels))
    labels = head.decoder.post_norm(labels)
    weight, bias = head.classifier.weight, head.classifier.bias
    return torch.stack([weight[c] @ labels[c] + bias[c] for c in range(3)])


def feed_forward(layer: nn.Module, x: Tensor) -> Tensor:
    """Linear, ReLU, linear."""
    first, second = (m for m in layer.ffn.modules() if isinstance(m, nn.Linear))
    return second(F.relu(first(x)))


def place(y: int, x: int, height: int, width: int) -> Tensor:
    """Sines and cosines (8,) of a cell, four of its row and four of its column."""
    numbers = []
    for at, size in ((y, height), (x, width)):
        angle = (at + 1) / size * 2 * math.pi
        numbers += [math.sin(angle), math.cos(angle)]
        numbers += [math.sin(angle / 100), math.cos(angle / 100)]
    return torch.tensor(numbers)


def test_logits_are_those_of_the_equations(head, feats):
    expected = torch.stack([naive_logits(head, x) for x in feats[-1]])
    assert torch.allclose(head(feats), expected, atol=1e-4)
    assert expected.std() > 0.1


def test_a_batch_is_its_images_one_by_one(head, feats):
    apart = torch.cat([head([level[i : i + 1] for level in feats]) for i in (0, 1)])
    assert torch.allclose(head(feats), apart, atol=1e-5)


def test_places_of_cells_count(head, feats):
    mirrored = tuple(level.flip(-1) for level in feats)
    assert not torch.allclose(head(feats), head(mirrored), atol=1e-3)


def test_labels_attend_to_each_other(head, feats):
    """The logit of one label depends on the queries of all."""
    head(feats)[:, 0].sum().backward()
    assert (head.label_queries.weight.grad.abs().sum(1) > 1e-6).all()


def test_scores_start_near_the_prior(feats):
    head = MODELS.build(dict(type='Query2LabelHead', **SIZES)).eval()
    head.init_weights()
    scores = head.predict(feats)
    assert scores.shape == (2, 3)
    assert (scores > 0.008).all() and (scores < 0.012).all()


def test_takes_the_simplified_asymmetric_loss(feats, make_sample):
    """-log p of a label that is there, -p log(1 - p) of one that is not."""
    head = Query2LabelHead(**SIZES, dropout=0.0, loss=ASL)
    samples = [make_sample([0.0] * 3) for _ in feats[-1]]
    cells = [[1, 0, -1], [0, 0, 0]]
    for sample, row in zip(samples, cells, strict=True):
        sample.gt_score = torch.tensor(row, dtype=torch.int8)
    scores = head.predict(feats)
    expected = 0
    for row, scored in zip(cells, scores, strict=True):
        for cell, p in zip(row, scored, strict=True):
            if cell >= 0:
                expected -= p.log() if cell else p * (1 - p).log()
    loss = head.loss(feats, samples)['loss_cls']
    assert torch.allclose(loss, expected / 2)
    loss.backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(hidden_channels=6), 'hidden_channels .* num_heads=2, not 6'),
        (dict(num_heads=3), 'hidden_channels .* num_heads=3, not 8'),
        (dict(num_encoder_layers=0), 'num_encoder_layers must be at least 1, not 0'),
        (dict(num_decoder_layers=0), 'num_decoder_layers must be at least 1, not 0'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        Query2LabelHead(**{**SIZES, **settings})


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'query2label',
        'projects/query2label/configs/query2label_r18_shapes.py',
        TINY_MODEL,
    )
    train_and_label(config)
