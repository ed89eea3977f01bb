"""Attention that follows the picture when it is flipped."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.model import BaseModule
from torch import nn

from mmscanet.errors import ConfigError
from projects.acfs.acfs import CAMHead

TINY_MODEL = 'model = dict(backbone=dict(base_channels=8), head=dict(in_channels=16))\n'


class Convolution(BaseModule):
    """A backbone of one convolution with stride 2."""

    def __init__(self, kernel_size):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, kernel_size, stride=2)

    def forward(self, x):
        return (self.conv(x).relu(),)


MODELS.register_module(module=Convolution, name='ConvolutionOfACfsTests')


@pytest.fixture
def build():
    def make(kernel_size=3, **options):
        torch.manual_seed(0)
        cfg = dict(
            type='ACfsClassifier',
            backbone=dict(type='ConvolutionOfACfsTests', kernel_size=kernel_size),
            head=dict(type='CAMHead', in_channels=5, num_classes=3),
            data_preprocessor=dict(type='DetDataPreprocessor'),
        )
        return MODELS.build(cfg | options)

    return make


@pytest.fixture
def images():
    return torch.randn(2, 3, 9, 13)


@pytest.fixture
def samples():
    """An image with labels, one of them in doubt, and one without any."""
    cells = torch.tensor([[1, 0, -1], [0, 0, 0]], dtype=torch.int8)
    return [DetDataSample(gt_score=row) for row in cells]


def test_logits_are_average_pooling_and_a_linear_layer():
    feats = torch.full((2, 5, 8, 8), 9.0), torch.randn(2, 5, 3, 4)
    head = CAMHead(in_channels=5, num_classes=3)
    weight, bias = head.conv.weight.flatten(1), head.conv.bias
    pooled = feats[-1].flatten(2).mean(2)
    assert torch.allclose(head(feats), pooled @ weight.T + bias, atol=1e-6)
    cell = weight @ feats[-1][1, :, 2, 3] + bias
    assert torch.allclose(head.heat_maps(feats)[1, :, 2, 3], cell, atol=1e-6)


def test_scores_start_near_the_prior():
    head = CAMHead(in_channels=5, num_classes=3)
    head.init_weights()
    scores = head.predict((torch.randn(2, 5, 3, 4),))
    assert (scores - 0.01).abs().max() < 0.005


def test_losses_are_the_papers(build, images, samples):
    """Both views are classified, and their maps compared cell by cell."""
    model = build(weight=0.7)
    maps, mirrored = (
        model.head.heat_maps(model.extract_feat(x)) for x in (images, images.flip(3))
    )
    total = 0.0
    for image in range(2):
        for label in range(3):
            for i in range(maps.shape[2]):
                for j in range(maps.shape[3]):
                    there = mirrored[image, label, i, maps.shape[3] - 1 - j]
                    total += (maps[image, label, i, j] - there) ** 2
    losses = model.loss(images, samples)
    assert set(losses) == {'loss_cls', 'loss_consistency'}
    expected = 0.7 * total / maps.numel()
    assert expected > 1e-4
    assert torch.allclose(losses['loss_consistency'], expected, atol=1e-6)
    both = [
        model.head.label_loss(each.mean((2, 3)), samples) for each in (maps, mirrored)
    ]
    assert torch.allclose(losses['loss_cls'], sum(both) / 2, atol=1e-6)


def test_maps_that_follow_the_flip_have_no_loss(build, images, samples):
    """A kernel of one pixel follows it; one that sees left and right does not."""
    blind, seeing = (build(size).loss(images, samples) for size in (1, 3))
    assert blind['loss_consistency'] < 1e-12
    assert seeing['loss_consistency'] > 1e-4


def test_both_views_teach_the_network(build, images, samples):
    model = build()
    losses = model.loss(images, samples)
    for name in losses:
        model.zero_grad()
        losses[name].backward(retain_graph=True)
        # The heat maps' bias is on both sides of the comparison.
        silent = 'head.conv.bias' if name == 'loss_consistency' else None
        for key, parameter in model.named_parameters():
            assert parameter.grad.isfinite().all(), key
            assert bool(parameter.grad.abs().max() > 1e-7) == (key != silent), key


def test_second_view_is_flipped_and_of_a_drawn_size(build, images, samples):
    assert torch.equal(build().second_view(images), images.flip(3))
    model = build(scales=(0.5, 1.5))
    torch.manual_seed(0)
    sizes = {tuple(model.second_view(images).shape[2:]) for _ in range(20)}
    assert sizes == {(4, 6), (14, 20)}
    # One colour all over has the same map at any size.
    plain = torch.ones(2, 3, 9, 13)
    assert model.loss(plain, samples)['loss_consistency'] < 1e-12
    assert model.loss(images, samples)['loss_consistency'] > 1e-4


def test_prediction_reads_the_plain_image_only(build, images, samples):
    model = build().eval()
    model.second_view = None
    expected = model.head(model.extract_feat(images)).sigmoid()
    assert torch.equal(model.predict_labels(images, samples), expected)
    apart = torch.cat([model.predict_labels(images[i : i + 1]) for i in range(2)])
    assert torch.allclose(apart, expected, atol=1e-6)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(weight=-1), 'weight must be at least 0, not -1'),
        (dict(scales=()), r'scales must be numbers above 0, not \(\)'),
        (dict(scales=(1.0, 0)), 'scales must be numbers above 0, not'),
    ],
)
def test_wrong_settings_are_named(build, settings, message):
    with pytest.raises(ConfigError, match=message):
        build(**settings)


def test_trains_measures_and_labels_pictures(write_tiny, train_and_label):
    config = write_tiny('acfs', 'projects/acfs/configs/acfs_r18_shapes.py', TINY_MODEL)
    train_and_label(config)
