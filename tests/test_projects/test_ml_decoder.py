"""A decoder with fixed queries, each for a group of labels."""

import math

import pytest
import torch
from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from projects.ml_decoder.ml_decoder import MLDecoderHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(
        in_channels=16,
        hidden_channels=8,
        feedforward_channels=8,
        num_heads=2,
        num_groups=4,
    ),
)
"""
SIZES = dict(
    in_channels=5,
    num_classes=7,
    hidden_channels=8,
    feedforward_channels=6,
    num_heads=2,
)


@pytest.fixture
def build():
    def make(**settings):
        head = MLDecoderHead(**{**SIZES, **settings})
        head.init_weights()
        nn.init.normal_(head.classifier.weight)
        return head.eval()

    return make


@pytest.fixture
def feats():
    return torch.zeros(2, 5, 8, 6), torch.randn(2, 5, 4, 3)


def naive_logits(head: MLDecoderHead, feature_map: Tensor, size: int) -> list[Tensor]:
    """The logits of one image's map (D, H, W), group by group of ``size`` labels."""
    project, layer = head.project, head.decoder
    tokens = F.relu(feature_map.flatten(1).T @ project.weight.T + project.bias)
    attn = layer.attentions[0].attn
    (w_q, w_k, w_v), (b_q, b_k, b_v) = (
        each.chunk(3) for each in (attn.in_proj_weight, attn.in_proj_bias)
    )
    first, second = (m for m in layer.ffns[0].modules() if isinstance(m, nn.Linear))
    logits = []
    for query in head.queries:
        gathered = []
        for part in (slice(0, 4), slice(4, 8)):  # two heads
            asked = (w_q @ query + b_q)[part]
            scores = [asked @ (w_k @ x + b_k)[part] / math.sqrt(4) for x in tokens]
            weights = torch.stack(scores).softmax(0)
            values = [(w_v @ x + b_v)[part] for x in tokens]
            gathered += [sum(a * v for a, v in zip(weights, values, strict=True))]
        x = layer.norms[0](query + attn.out_proj(torch.cat(gathered)))
        x = layer.norms[1](x + second(F.relu(first(x))))
        for _ in range(size):
            label = len(logits)
            if label < head.num_classes:
                weight = head.classifier.weight[label]
                logits.append(weight @ x + head.classifier.bias[label])
    return logits


@pytest.mark.parametrize(
    ('num_groups', 'num_queries', 'size'),
    # With five groups of two labels four are enough for seven labels.
    [(None, 7, 1), (7, 7, 1), (5, 4, 2), (4, 4, 2), (3, 3, 3), (1, 1, 7)],
)
def test_each_query_gives_the_logits_of_its_group(
    build, feats, num_groups, num_queries, size
):
    head = build(num_groups=num_groups)
    assert len(head.queries) == num_queries
    expected = torch.stack(
        [torch.stack(naive_logits(head, x, size)) for x in feats[-1]]
    )
    assert expected.shape == (2, 7)
    assert torch.allclose(head(feats), expected, atol=1e-4)
    assert expected.std() > 0.1


def test_a_batch_is_its_images_one_by_one(build, feats):
    head = build(num_groups=3)
    apart = torch.cat([head([level[i : i + 1] for level in feats]) for i in (0, 1)])
    assert torch.allclose(head(feats), apart, atol=1e-5)


def test_order_of_cells_does_not_count(build, feats):
    """There are no positions."""
    head = build()
    mirrored = tuple(level.flip(-1) for level in feats)
    assert torch.allclose(head(feats), head(mirrored), atol=1e-5)


def test_queries_do_not_hear_of_each_other(build, feats):
    head = build(num_groups=3)
    head.queries.requires_grad_()
    head(feats)[:, 3].sum().backward()
    reached = head.queries.grad.abs().sum(1) > 1e-6
    assert reached.tolist() == [False, True, False]


def test_queries_are_fixed_and_in_the_checkpoint(build, feats):
    head, other = build(), build()
    assert 'queries' not in dict(head.named_parameters())
    assert not torch.allclose(head(feats), other(feats), atol=1e-3)
    other.load_state_dict(head.state_dict())
    assert torch.equal(head(feats), other(feats))


@pytest.mark.parametrize('num_groups', [1, 5, 7])
def test_every_parameter_is_trained(build, feats, make_sample, num_groups):
    samples = [make_sample([0.0] * 7) for _ in feats[-1]]
    for sample, cell in zip(samples, (1, 0), strict=True):
        sample.gt_score = torch.full((7,), cell, dtype=torch.int8)
    head = build(num_groups=num_groups).train()
    head.loss(feats, samples)['loss_cls'].backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.abs().sum() > 0, name
    assert (head.classifier.weight.grad.abs().sum(1) > 0).all()


def test_scores_start_near_the_prior(feats):
    head = MODELS.build(dict(type='MLDecoderHead', num_groups=3, **SIZES)).eval()
    head.init_weights()
    scores = head.predict(feats)
    assert scores.shape == (2, 7)
    assert (scores > 0.008).all() and (scores < 0.012).all()


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(num_groups=0), 'num_groups must be from 1 to num_classes=7, not 0'),
        (dict(num_groups=8), 'num_groups must be from 1 to num_classes=7, not 8'),
        (dict(num_heads=3), 'hidden_channels .* num_heads=3, not 8'),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        MLDecoderHead(**{**SIZES, **settings})


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'ml_decoder', 'projects/ml_decoder/configs/ml_decoder_r18_shapes.py', TINY_MODEL
    )
    train_and_label(config)
