"""Labels each for themselves, then together."""

import math

import pytest
import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from projects.decouple_net.decouple_net import DecoupleNetHead

TINY_MODEL = """model = dict(
    backbone=dict(base_channels=8),
    head=dict(in_channels=16, hidden_channels=8, num_heads=2),
)
"""
SIZES = dict(in_channels=5, num_classes=3, hidden_channels=8, num_heads=2)


@pytest.fixture
def head():
    head = DecoupleNetHead(**SIZES)
    head.init_weights()
    for classifier in (head.independence, head.relevance):
        nn.init.normal_(classifier.weight)
        nn.init.normal_(classifier.bias)
    return head.eval()


@pytest.fixture
def feats():
    return torch.zeros(2, 5, 8, 6), torch.randn(2, 5, 4, 3)


def naive_vectors(head: DecoupleNetHead, feature_map: Tensor) -> Tensor:
    """The vectors (C, E) of labels in one image, (D, H, W), cell by cell."""
    vectors = []
    places = head.places
    for weight, bias in zip(places.weight.flatten(1), places.bias, strict=True):
        vector, total = 0, 0
        for cell in feature_map.flatten(1).T:
            factor = torch.exp(weight @ cell + bias)
            seen = head.project.weight.flatten(1) @ cell + head.project.bias
            vector, total = vector + factor * seen, total + factor
        vectors.append(vector / total)
    return torch.stack(vectors)


def naive_related(head: DecoupleNetHead, vectors: Tensor) -> Tensor:
    """Vectors (C, E) and what labels add to each other's, label by label."""
    attn, names = head.attention.attn, head.labels.weight
    (w_q, w_k, w_v), (b_q, b_k, b_v) = (
        each.chunk(3) for each in (attn.in_proj_weight, attn.in_proj_bias)
    )
    related = []
    for c in range(3):
        gathered = []
        for part in (slice(0, 4), slice(4, 8)):  # two heads
            asked = (w_q @ (vectors[c] + names[c]) + b_q)[part]
            weights = torch.stack(
                [
                    asked @ (w_k @ (vectors[i] + names[i]) + b_k)[part] / math.sqrt(4)
                    for i in range(3)
                ]
            ).softmax(0)
            values = [(w_v @ vectors[i] + b_v)[part] for i in range(3)]
            gathered += [sum(a * v for a, v in zip(weights, values, strict=True))]
        related.append(vectors[c] + attn.out_proj(torch.cat(gathered)))
    return torch.stack(related)


def test_logits_are_the_mean_of_both_parts(head, feats):
    expected = []
    for feature_map in feats[-1]:
        vectors = naive_vectors(head, feature_map)
        related = naive_related(head, vectors)
        for c in range(3):
            alone = head.independence.weight[c] @ vectors[c]
            together = head.relevance.weight[c] @ related[c]
            bias = head.independence.bias[c] + head.relevance.bias[c]
            expected.append((alone + together + bias) / 2)
    expected = torch.stack(expected).reshape(2, 3)
    assert torch.allclose(head(feats), expected, atol=1e-5)


def test_a_batch_is_its_images_one_by_one(head, feats):
    apart = torch.cat([head([level[i : i + 1] for level in feats]) for i in (0, 1)])
    assert torch.allclose(head(feats), apart, atol=1e-5)


def test_a_label_sees_the_place_it_attends_to(head):
    feature_map = torch.zeros(1, 5, 2, 2)
    feature_map[0, 0, 0, 1] = feature_map[0, 1, 1, 0] = 1
    nn.init.zeros_(head.places.weight)
    head.places.weight.data[0, 0] = head.places.weight.data[1, 1] = 100
    cells = head.project(feature_map)[0]
    vectors = head.label_vectors([feature_map])[0]
    expected = [cells[:, 0, 1], cells[:, 1, 0], cells.mean((1, 2))]
    assert torch.allclose(vectors, torch.stack(expected), atol=1e-6)


@pytest.mark.parametrize('part', ['independence', 'relevance'])
def test_only_relevance_connects_labels(head, feats, part):
    other = dict(independence='relevance', relevance='independence')[part]
    nn.init.zeros_(getattr(head, other).weight)
    head(feats)[:, 0].sum().backward()
    reached = head.places.weight.grad.flatten(1).abs().sum(1) > 1e-7
    assert reached.tolist() == [True] + [part == 'relevance'] * 2


def test_every_parameter_is_trained(feats, make_sample):
    samples = [make_sample([0.0] * 3) for _ in feats[-1]]
    for sample, cell in zip(samples, (1, 0), strict=True):
        sample.gt_score = torch.full((3,), cell, dtype=torch.int8)
    head = DecoupleNetHead(**SIZES)
    head.init_weights()
    head.loss(feats, samples)['loss_cls'].backward()
    for name, param in head.named_parameters():
        assert param.grad is not None and param.grad.abs().sum() > 0, name


def test_scores_start_near_the_prior(feats):
    head = MODELS.build(dict(type='DecoupleNetHead', **SIZES))
    head.init_weights()
    scores = head.predict(feats)
    assert scores.shape == (2, 3)
    assert (scores > 0.008).all() and (scores < 0.012).all()


def test_wrong_settings_are_named():
    with pytest.raises(ConfigError, match='hidden_channels .* num_heads=3, not 8'):
        DecoupleNetHead(**{**SIZES, 'num_heads': 3})


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'decouple_net',
        'projects/decouple_net/configs/decouple_net_r18_shapes.py',
        TINY_MODEL,
    )
    train_and_label(config)
