"""Pooling and a linear layer."""

import pytest
import torch
from mmdet.registry import MODELS

from projects.resnet_gmp.resnet_gmp import PooledLinearHead

TINY_MODEL = 'model = dict(backbone=dict(base_channels=8), head=dict(in_channels=16))\n'


@pytest.mark.parametrize(
    ('pool', 'vector'), [('max', [4.0, -1.0]), ('avg', [2.0, -2.5])]
)
def test_logits_are_a_linear_map_of_the_pooled_vector(pool, vector):
    head = PooledLinearHead(in_channels=2, num_classes=3, pool=pool)
    fine = torch.full((1, 2, 4, 4), 100.0)  # a finer level is not read
    coarse = torch.tensor([[[[1.0, 4.0], [3.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0]]]])
    (logits,) = head((fine, coarse))
    (a, b), weight = vector, head.fc.weight
    expected = weight[:, 0] * a + weight[:, 1] * b + head.fc.bias
    assert torch.allclose(logits, expected)


def test_scores_start_from_the_prior():
    head = MODELS.build(dict(type='PooledLinearHead', in_channels=8, num_classes=3))
    head.init_weights()
    scores = head.predict((torch.zeros(1, 8, 2, 2),))
    assert scores.tolist() == [[pytest.approx(0.01)] * 3]


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny(
        'gmp', 'projects/resnet_gmp/configs/resnet_gmp_r18_shapes.py', TINY_MODEL
    )
    _, predictions = train_and_label(config)
    assert all(label['boxes'] == [] for p in predictions for label in p['labels'])
