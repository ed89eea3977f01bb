"""The classifier that peers share, with a small backbone and a plain head."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.structures import InstanceData
from torch import nn

from mmscanet.engine.hooks import check_label_count
from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClassifier, MultiLabelClsHead

IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


class MeanHead(MultiLabelClsHead):
    """Average pooling and a linear layer."""

    def __init__(self, in_channels, **kwargs):
        super().__init__(**kwargs)
        self.fc = nn.Linear(in_channels, self.num_classes)

    def forward(self, feats):
        return self.fc(feats[-1].mean((2, 3)))


MODELS.register_module(module=MeanHead, name='MeanHeadOfTests')


@pytest.fixture
def build():
    def make(**options) -> MultiLabelClassifier:
        torch.manual_seed(0)
        backbone = dict(type='ResNet', depth=18, base_channels=8, out_indices=(2, 3))
        channels = options.pop('in_channels', 64)
        cfg = dict(
            type='MultiLabelClassifier',
            data_preprocessor=dict(type='DetDataPreprocessor', pad_size_divisor=32),
            backbone=backbone,
            head=dict(type='MeanHeadOfTests', in_channels=channels, num_classes=4),
        )
        return MODELS.build({**cfg, **options})

    return make


@pytest.fixture
def samples(make_sample):
    """An image with labels, one of them in doubt, and one without any."""
    return [make_sample(gt_score=[1, 0, -1, 1]), make_sample(gt_score=[0] * 4)]


def test_every_parameter_is_trained(build, samples):
    """DistributedDataParallel then needs no search for unused ones."""
    model = build().train()
    model(IMAGES, samples, mode='loss')['loss_cls'].backward()
    for name, param in model.named_parameters():
        assert param.grad is None or param.grad.isfinite().all(), name
        assert (param.grad is not None) == param.requires_grad, name
    # MeanHead's row of the label that one image leaves open learns from the other.
    assert model.head.fc.weight.grad[2].abs().sum() > 0


def test_predict_gives_scores_and_no_boxes(build, samples):
    model = build().eval()
    with torch.no_grad():
        logits = model(IMAGES, samples, mode='tensor')
        predicted = model(IMAGES, samples, mode='predict')
        labels = model.predict_labels(IMAGES, samples)
    assert torch.equal(torch.stack([s.pred_score for s in predicted]), labels)
    assert torch.equal(logits.sigmoid(), labels)
    assert all('pred_instances' not in sample for sample in predicted)


def test_a_batch_of_two_is_two_batches_of_one(build, samples):
    model = build().eval()
    with torch.no_grad():
        together = model.predict_labels(IMAGES)
        apart = torch.cat([model.predict_labels(IMAGES[i : i + 1]) for i in range(2)])
    assert torch.allclose(together, apart, atol=1e-6)
    assert not torch.allclose(together[0], together[1], atol=1e-4)


def test_images_of_different_size_are_one_batch(build, samples):
    """The preprocessor pads them, as it does for SCANet."""
    model = build().train()
    pixels = [
        torch.randint(256, (3, h, w), dtype=torch.uint8)
        for h, w in ((64, 96), (96, 33))
    ]
    data = model.data_preprocessor(dict(inputs=pixels, data_samples=samples), True)
    assert data['inputs'].shape == (2, 3, 96, 96)
    assert model(**data, mode='loss')['loss_cls'].isfinite()
    with torch.no_grad():
        predicted = model.eval()(**data, mode='predict')
    assert [sample.pred_score.shape for sample in predicted] == [(4,), (4,)]


def test_channels_last_gives_the_same(build):
    plain, other = build().eval(), build(channels_last=True).eval()
    other.load_state_dict(plain.state_dict())
    with torch.no_grad():
        one, two = plain.predict_labels(IMAGES), other.predict_labels(IMAGES)
        feats = other.extract_feat(IMAGES)[-1]
    assert feats.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(one, two, atol=1e-5)


def test_neck_comes_between(build):
    neck = dict(type='FPN', in_channels=[32, 64], out_channels=16, num_outs=2)
    model = build(neck=neck, in_channels=16)
    assert [x.shape for x in model.extract_feat(IMAGES)] == [
        (2, 16, 6, 6),
        (2, 16, 3, 3),
    ]
    assert model.predict_labels(IMAGES).shape == (2, 4)


def test_label_count_is_checked(build):
    check_label_count(build(), 4, 'ToyData')
    with pytest.raises(ConfigError, match='set model.head.num_classes=5'):
        check_label_count(build(), 5, 'ToyData')


def test_labels_come_from_boxes_without_gt_score(build, make_sample):
    model = build().eval()
    boxed = make_sample([[1, 1, 9, 9]], [3])
    scored = make_sample(gt_score=[0, 0, 0, 1])
    scored.gt_instances = InstanceData()
    losses = [model.loss(IMAGES[:1], [s])['loss_cls'] for s in (boxed, scored)]
    assert losses[0] == losses[1]


def test_the_head_is_given_the_samples(build, samples, monkeypatch):
    """For a head that is told some labels beforehand."""
    model = build().eval()
    given = []

    def predict(feats, batch_data_samples=None):
        given.append(batch_data_samples)
        return feats[-1].mean((2, 3))[:, :4].sigmoid()

    monkeypatch.setattr(model.head, 'predict', predict)
    with torch.no_grad():
        model.predict(IMAGES, samples)
        model.predict_labels(IMAGES)
    assert given == [samples, None]
