"""Class-specific residual attention."""

import pytest
import torch
from mmdet.registry import MODELS
from mmpretrain.models.heads import CSRAClsHead

from mmscanet.errors import ConfigError
from projects.csra.csra import CSRAHead

TINY_MODEL = 'model = dict(backbone=dict(base_channels=8), head=dict(in_channels=16))\n'
SIZES = dict(in_channels=5, num_classes=3)


@pytest.fixture
def feats():
    return torch.full((2, 5, 8, 8), 9.0), torch.randn(2, 5, 4, 3)


def unit(head: torch.nn.Module) -> torch.Tensor:
    """The classifiers (C, D) of one head, of length 1."""
    weight = head.head.weight.flatten(1)
    return weight / weight.norm(dim=1, keepdim=True)


def test_without_attention_it_is_average_pooling_and_a_linear_map(feats):
    head = CSRAHead(lam=0.0, **SIZES)
    expected = feats[-1].mean((2, 3)) @ unit(head.csra_heads[0]).T
    assert torch.allclose(head(feats), expected, atol=1e-6)


@pytest.mark.parametrize('num_heads', [1, 2, 4])
def test_logits_are_the_papers_sum_over_cells(feats, num_heads):
    head = CSRAHead(num_heads=num_heads, lam=0.3, **SIZES)
    temperatures = {1: [1], 2: [1, 99], 4: [1, 2, 4, 99]}[num_heads]
    expected = torch.zeros(2, 3)
    for part, temperature in zip(head.csra_heads, temperatures, strict=True):
        for image in range(2):
            for label, classifier in enumerate(unit(part)):
                cells = [x @ classifier for x in feats[-1][image].flatten(1).T]
                average = sum(cells) / len(cells)
                factors = [torch.exp(temperature * s) for s in cells]
                attended = sum(a * s for a, s in zip(factors, cells, strict=True))
                attended = attended / sum(factors)
                if temperature == 99:
                    attended = max(cells)
                expected[image, label] += average + 0.3 * attended
    assert torch.allclose(head(feats), expected, atol=1e-5)


def test_logits_are_those_of_mmpretrains_head(feats):
    theirs = CSRAClsHead(num_heads=2, lam=0.2, **SIZES)
    ours = MODELS.build(dict(type='CSRAHead', num_heads=2, lam=0.2, **SIZES))
    weights = {k: v for k, v in theirs.state_dict().items() if 'csra' in k}
    assert set(weights) == set(ours.state_dict())
    ours.load_state_dict(weights)
    assert torch.equal(ours(feats), theirs(feats))


@pytest.mark.parametrize(
    ('settings', 'message'),
    [(dict(num_heads=3), 'num_heads must be one of .* not 3'), (dict(lam=-1), 'lam')],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        CSRAHead(**settings, **SIZES)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny('csra', 'projects/csra/configs/csra_r18_shapes.py', TINY_MODEL)
    _, predictions = train_and_label(config)
    assert all(label['boxes'] == [] for p in predictions for label in p['labels'])
