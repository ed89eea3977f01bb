"""The plain detector as a classifier."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmscanet.engine.hooks import check_label_count
from mmscanet.errors import ConfigError

TINY_MODEL = """
model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16]),
    roi_head=dict(bbox_head=dict(fc_out_channels=32)),
    train_cfg=dict(rcnn=dict(sampler=dict(num=16))),
    test_cfg=dict(rpn=dict(max_per_img=10)),
)
"""
IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module')
def config(write_tiny):
    base = 'projects/faster_rcnn/configs/faster_rcnn_r18_shapes.py'
    return write_tiny('faster_rcnn', base, TINY_MODEL)


@pytest.fixture
def build(config):
    def make(max_per_img=10, **rcnn):
        cfg = Config.fromfile(config).model
        cfg.test_cfg.rpn.max_per_img = max_per_img
        cfg.test_cfg.rcnn.update(rcnn)
        torch.manual_seed(0)
        model = MODELS.build(cfg)
        model.init_weights()
        # Fresh scores are nearly those of a uniform distribution.
        torch.nn.init.normal_(model.roi_head.bbox_head.fc_cls.weight, std=1.0)
        return model.eval()

    return make


def samples(boxes=(), labels=(), ignored=()):
    """An image with these boxes and one without any."""
    result = []
    for box, label in ((boxes, labels), ((), ())):
        meta = dict(img_shape=(96, 96), ori_shape=(192, 384), scale_factor=(0.25, 0.5))
        meta.update(pad_shape=(96, 96), batch_input_shape=(96, 96))
        sample = DetDataSample(metainfo=meta)
        for field, some, names in (
            ('gt_instances', box, label),
            ('ignored_instances', ignored, [0] * len(ignored)),
        ):
            instances = InstanceData(
                bboxes=torch.tensor(some, dtype=torch.float).reshape(-1, 4),
                labels=torch.tensor(names, dtype=torch.long),
            )
            setattr(sample, field, instances)
        result.append(sample)
    return result


def test_image_scores_are_the_best_boxes_before_any_cut(build, monkeypatch):
    """Three boxes, two labels and background, as the roi head gives them."""
    model = build(score_thr=0.3, max_per_img=1)
    box, other = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]
    raw = InstanceData(
        bboxes=torch.tensor([box, [0.0, 0.0, 10.0, 9.0], other]),
        scores=torch.tensor([[0.6, 0.1, 0.3], [0.5, 0.2, 0.3], [0.4, 0.15, 0.45]]),
    )
    asked = []
    monkeypatch.setattr(model.rpn_head, 'predict', lambda *args, **kwargs: [])
    monkeypatch.setattr(
        model.roi_head,
        'predict_bbox',
        lambda *a, rcnn_test_cfg, rescale: asked.append(rescale) or [raw],
    )
    model.roi_head.test_cfg.max_per_img = 1
    (sample,) = model.predict(IMAGES[:1], samples()[:1])
    # The second label has no box above 0.3; it keeps its score.
    assert torch.equal(sample.pred_score, torch.tensor([0.6, 0.2]))
    assert sample.pred_instances.labels.tolist() == [0]
    assert sample.pred_instances.bboxes.tolist() == [box]
    assert sample.pred_instances.scores.tolist() == [pytest.approx(0.6)]

    model.roi_head.test_cfg.max_per_img = 100
    (sample,) = model.predict(IMAGES[:1], samples()[:1], rescale=False)
    # Suppressed: the second box, which nearly is the first.
    assert sample.pred_instances.bboxes.tolist() == [box, other]
    assert asked == [True, False]


def test_scores_agree_with_uncut_boxes_of_mmdet(build):
    model = build(score_thr=0.0, nms=dict(type='nms', iou_threshold=1.0))
    model.roi_head.test_cfg.max_per_img = 10_000
    with torch.no_grad():
        ours = model.predict(IMAGES, samples())
        theirs = super(type(model), model).predict(IMAGES, samples())
        labels = model.predict_labels(IMAGES, samples())
        apart = [model.predict_labels(IMAGES[i : i + 1], samples()[:1]) for i in (0, 1)]
    for mine, other in zip(ours, theirs, strict=True):
        for field in ('bboxes', 'scores', 'labels'):
            assert torch.equal(mine.pred_instances[field], other.pred_instances[field])
        boxes = other.pred_instances
        best = [boxes.scores[boxes.labels == i].max() for i in range(11)]
        assert torch.equal(mine.pred_score, torch.stack(best))
    assert torch.equal(torch.stack([s.pred_score for s in ours]), labels)
    assert torch.allclose(torch.cat(apart), labels, atol=1e-5)
    assert not torch.allclose(labels[0], labels[1], atol=1e-3)


def test_no_proposals(build):
    with torch.no_grad():
        predicted = build(max_per_img=0).predict(IMAGES, samples())
    for sample in predicted:
        assert sample.pred_score.tolist() == [0] * 11
        assert len(sample.pred_instances.bboxes) == 0


@pytest.mark.parametrize('empty', [False, True], ids=['boxes', 'no_boxes'])
def test_every_parameter_is_trained(build, empty):
    """DistributedDataParallel then needs no search for unused ones."""
    model = build().train()
    boxes = [] if empty else [[8, 8, 40, 40], [50, 20, 90, 60]]
    batch = samples(boxes, [0, 10][: len(boxes)], ignored=[[0, 60, 30, 90]])
    losses = model.loss(IMAGES, batch)
    total, _ = model.parse_losses(losses)
    total.backward()
    for name, param in model.named_parameters():
        assert param.grad is not None and param.grad.isfinite().all(), name


def test_only_branches_and_label_loss_differ_from_scanet(repo_root):
    """Proposals, patches, trunk and regressor are those of SCANet's object branch."""
    ours, theirs = (
        Config.fromfile(repo_root / path).model
        for path in (
            'projects/faster_rcnn/configs/faster_rcnn_mobilenetv2_voc07-val.py',
            'configs/scanet/scanet_mobilenetv2_fpn_voc07-val.py',
        )
    )
    for part in ('neck', 'rpn_head', 'train_cfg', 'test_cfg'):
        assert ours[part] == theirs[part]
    heads = ours.roi_head, theirs.roi_head
    assert heads[0].bbox_roi_extractor == heads[1].bbox_roi_extractor
    one, two = (dict(MODELS.build(head).bbox_head.named_modules()) for head in heads)
    for name in ('shared_fcs.0', 'shared_fcs.1', 'fc_reg'):
        assert one[name].weight.shape == two[name].weight.shape
    assert repr(one['loss_bbox']) == repr(two['loss_bbox'])


def test_label_count_is_checked(build):
    model = build()
    check_label_count(model, 11, 'ToyData')
    with pytest.raises(ConfigError, match='set model.roi_head.bbox_head.num_classes=5'):
        check_label_count(model, 5, 'ToyData')


def test_trains_measures_and_labels_pictures(config, train_and_label):
    _, predictions = train_and_label(config)
    boxes = [
        box for p in predictions for label in p['labels'] for box in label['boxes']
    ]
    assert boxes
    assert all(box['context_box'] is box['object_score'] is None for box in boxes)


def test_runs_in_bfloat16(build):
    model = build()
    full = model.predict_labels(IMAGES, samples())
    with torch.autocast('cpu', torch.bfloat16):
        half = model.predict_labels(IMAGES, samples())
        boxes = model.predict(IMAGES, samples())[0].pred_instances.bboxes
        losses = model.train().loss(IMAGES, samples([[8, 8, 40, 40]], [2]))
    loss, _ = model.parse_losses(losses)
    assert loss.isfinite()
    assert boxes.dtype == torch.float32
    torch.testing.assert_close(half.float(), full, atol=0.05, rtol=0)
