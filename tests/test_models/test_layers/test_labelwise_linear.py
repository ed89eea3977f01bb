"""A classifier for each label on its own vector."""

import pytest
import torch

from mmscanet.errors import ConfigError
from mmscanet.models.layers import LabelwiseLinear


def test_each_label_reads_its_own_vector():
    layer = LabelwiseLinear(num_classes=3, channels=4)
    vectors = torch.randn(2, 3, 4, requires_grad=True)
    logits = layer(vectors)
    for image in range(2):
        for label in range(3):
            expected = vectors[image, label] @ layer.weight[label] + layer.bias[label]
            assert logits[image, label].item() == pytest.approx(expected.item())
    logits[0, 1].backward()
    assert (vectors.grad.abs().sum(-1) > 0).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_scores_start_from_the_prior():
    layer = LabelwiseLinear(5, 8, prior=0.2)
    torch.nn.init.constant_(layer.bias, 7.0)
    layer.init_weights()
    scores = layer(torch.zeros(1, 5, 8)).sigmoid()
    assert torch.allclose(scores, torch.tensor(0.2))
    assert 0 < layer.weight.std() < 0.02


@pytest.mark.parametrize('prior', [0, 1, -0.1, float('nan'), 'low'])
def test_a_prior_that_is_no_probability_is_refused(prior):
    with pytest.raises(ConfigError, match='prior must be between 0 and 1'):
        LabelwiseLinear(5, 8, prior=prior)
