"""SCANet as a whole, with a ResNet-18 and 96-pixel images."""

import pytest
import torch
from mmengine.structures import InstanceData

BOXES = [[8, 8, 40, 40], [50, 20, 90, 60], [10, 10, 20, 20]]
LABELS = [0, 2, 3]
IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
LOSSES = {'loss_bbox', 'loss_patch', 'loss_object', 'loss_context'}

# On the last level of a ResNet-18.
SCENE_HEAD = dict(
    type='LabelQueryHead',
    in_channels=512,
    hidden_channels=16,
    feedforward_channels=16,
    num_heads=2,
)


def total(losses):
    return sum(
        value if isinstance(value, torch.Tensor) else sum(value)
        for name, value in losses.items()
        if 'loss' in name
    )


def assert_trains(model, samples):
    """The loss is finite and each trainable parameter has a gradient."""
    losses = model.loss(IMAGES[: len(samples)], samples)
    model.zero_grad()
    total(losses).backward()
    for name, param in model.named_parameters():
        if param.requires_grad:
            assert param.grad is not None, name
            assert param.grad.isfinite().all(), name
    return losses


@pytest.fixture
def samples(make_sample):
    """Two images of different size in one batch; one has a box, a crowd, doubt."""
    return [
        make_sample(BOXES, LABELS, gt_score=[1, 0, 1, 1]),
        make_sample(
            BOXES[:1], [1], [[30, 30, 60, 60]], [2], [0, 1, 1, -1], size=(96, 64)
        ),
    ]


def test_losses_are_logged_separately(tiny_cfg, build, samples):
    losses = assert_trains(build(tiny_cfg), samples)
    assert set(losses) == LOSSES | {'loss_rpn_cls', 'loss_rpn_bbox'}
    assert all(losses[name] > 0 for name in LOSSES)


@pytest.mark.parametrize(
    ('factor', 'name'),
    [('alpha', 'loss_patch'), ('beta', 'loss_object'), ('gamma', 'loss_context')],
)
def test_factors_of_eq_6(tiny_cfg, build, make_sample, factor, name):
    # With more room than proposals nothing is drawn at random.
    tiny_cfg.train_cfg.rcnn.sampler.num = 1000
    tiny_cfg.train_cfg.rcnn.sampler.pos_fraction = 1.0
    sample = make_sample(BOXES, LABELS)
    plain = build(tiny_cfg).loss(IMAGES[:1], [sample])
    tiny_cfg.roi_head[factor] = 3.0
    scaled = build(tiny_cfg).loss(IMAGES[:1], [sample])
    assert scaled[name].item() == pytest.approx(3 * plain[name].item(), rel=1e-4)
    for other in LOSSES - {name}:
        assert scaled[other].item() == pytest.approx(plain[other].item(), rel=1e-4)


OPTIONS = dict(
    shared_trunk=dict(share_trunk=True),
    whole_image=dict(whole_image=True),
    target_matched=dict(context_target='matched'),
    target_image=dict(context_target='image'),
    object_only=dict(context_roi_extractor=None, context_head=None),
    context_only=dict(bbox_head=dict(with_cls=False)),
    regressor_a_label=dict(bbox_head=dict(reg_class_agnostic=False)),
    learned=dict(fusion=dict(fuse='learned')),
    image_loss=dict(delta=1.0),
    scene=dict(scene_head=SCENE_HEAD, delta=1.0),
)


@pytest.mark.parametrize('option', OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize('empty', [False, True], ids=['boxes', 'no_boxes'])
def test_every_option_trains_and_predicts(
    tiny_cfg, build, make_sample, samples, option, empty
):
    _merge(tiny_cfg.roi_head, option)
    model = build(tiny_cfg)
    batch = [make_sample(gt_score=[0] * 4)] * 2 if empty else samples
    assert_trains(model, batch)
    model.eval()
    with torch.no_grad():
        predicted = model.predict(IMAGES, batch)
    for sample in predicted:
        assert sample.pred_score.shape == (4,)
        assert ((sample.pred_score >= 0) & (sample.pred_score <= 1)).all()


def _merge(cfg, option):
    for key, value in option.items():
        if isinstance(value, dict) and cfg.get(key):
            cfg[key].update(value)
        else:
            cfg[key] = value


def test_images_without_boxes_or_with_crowd_only(tiny_cfg, build, make_sample):
    model = build(tiny_cfg)
    crowd_only = make_sample([], [], [[10, 10, 60, 60]], [1], [0, 1, 0, 0])
    losses = assert_trains(model, [make_sample(), crowd_only])
    assert losses['loss_bbox'] == 0


def test_no_proposals(tiny_cfg, build, make_sample):
    tiny_cfg.train_cfg.rpn_proposal.max_per_img = 0
    tiny_cfg.test_cfg.rpn.max_per_img = 0
    model = build(tiny_cfg)
    # Without boxes either there is no patch at all.
    assert_trains(model, [make_sample(), make_sample()])
    model.eval()
    with torch.no_grad():
        (sample,) = model.predict(IMAGES[:1], [make_sample()])
    assert sample.pred_score.tolist() == [0] * 4
    assert len(sample.pred_instances.bboxes) == 0


def test_a_label_in_doubt_teaches_nothing(tiny_cfg, build, make_sample):
    model = build(tiny_cfg)
    sample = make_sample(BOXES, LABELS, gt_score=[1, -1, 1, 1])
    total(model.loss(IMAGES[:1], [sample])).backward()
    for head in (model.roi_head.bbox_head, model.roi_head.context_head):
        assert head.fc_cls.weight.grad[1].abs().sum() == 0
        assert head.fc_cls.weight.grad[0].abs().sum() > 0


def predict(cfg, build, samples, **rcnn):
    cfg.test_cfg.rcnn.update(rcnn)
    model = build(cfg).eval()
    with torch.no_grad():
        # Raise the scores of a fresh model, so that labels differ.
        for head in (model.roi_head.bbox_head, model.roi_head.context_head):
            torch.nn.init.normal_(head.fc_cls.weight, std=1.0)
        return model, model.predict(IMAGES[: len(samples)], samples)


@pytest.mark.parametrize('nms', [dict(type='nms', iou_threshold=0.5), None])
@pytest.mark.parametrize('max_per_img', [100, 5])
def test_the_image_score_is_that_of_the_best_box(
    tiny_cfg, build, samples, nms, max_per_img
):
    _, predicted = predict(tiny_cfg, build, samples, nms=nms, max_per_img=max_per_img)
    for sample in predicted:
        boxes = sample.pred_instances
        assert len(boxes) <= max_per_img
        assert boxes.scores.tolist() == sorted(boxes.scores.tolist(), reverse=True)
        for label, score in enumerate(sample.pred_score):
            assert boxes.scores[boxes.labels == label].max() == score
        both = (boxes.object_scores + boxes.context_scores) / 2
        assert torch.allclose(both, boxes.scores)


def test_nms_changes_the_boxes_and_not_the_labels(tiny_cfg, build, samples):
    _, free = predict(tiny_cfg, build, samples, nms=None)
    free_scores = [sample.pred_score.clone() for sample in free]
    free_counts = [len(sample.pred_instances) for sample in free]
    nms = dict(type='nms', iou_threshold=0.3)
    _, kept = predict(tiny_cfg, build, samples, nms=nms)
    for sample, scores, count in zip(kept, free_scores, free_counts, strict=True):
        assert torch.equal(sample.pred_score, scores)
        assert len(sample.pred_instances) < count


def test_predict_labels_gives_the_same_scores(tiny_cfg, build, samples):
    model, predicted = predict(tiny_cfg, build, samples)
    with torch.no_grad():
        labels = model.predict_labels(IMAGES, samples)
    assert torch.equal(labels, torch.stack([s.pred_score for s in predicted]))


def test_boxes_are_in_the_original_image(tiny_cfg, build, make_sample):
    _, (sample,) = predict(tiny_cfg, build, [make_sample()], nms=None)
    height, width = sample.ori_shape
    x1, y1, x2, y2 = sample.pred_instances.bboxes.T
    assert (x1 >= 0).all() and (x2 <= width).all() and (x2.max() > width / 2)
    assert (y1 >= 0).all() and (y2 <= height).all() and (y2.max() > height / 2)


def test_evidence_has_the_patch_that_the_context_branch_read(
    tiny_cfg, build, make_sample
):
    """It is the widened proposal; the box beside it is the refined proposal."""
    proposal = torch.tensor([[40.0, 20.0, 60.0, 40.0]])
    sample = make_sample()
    sample.proposals = InstanceData(bboxes=proposal)
    tiny_cfg.roi_head.context_roi_extractor.expand_ratio = 1.5
    _, (sample,) = predict(tiny_cfg, build, [sample])
    # 1.5 times about the centre, then from network to original pixels (4, 2)
    assert sample.pred_instances.context_bboxes.tolist() == [[140, 30, 260, 90]] * 4

    del tiny_cfg.roi_head.context_roi_extractor, tiny_cfg.roi_head.context_head
    model = build(tiny_cfg).eval()
    with torch.no_grad():
        (sample,) = model.predict(IMAGES[:1], [make_sample()])
    assert len(sample.pred_instances) > 0
    assert 'context_bboxes' not in sample.pred_instances


def test_a_batch_of_two_is_two_batches_of_one(tiny_cfg, build, make_sample):
    tiny_cfg.roi_head.whole_image = True
    pair = [make_sample(size=(96, 96)), make_sample(size=(96, 96))]
    model, together = predict(tiny_cfg, build, pair)
    with torch.no_grad():
        apart = [
            model.predict(IMAGES[i : i + 1], [make_sample(size=(96, 96))])[0]
            for i in range(2)
        ]
    for one, two in zip(apart, together, strict=True):
        assert torch.allclose(one.pred_score, two.pred_score, atol=1e-5)
        assert torch.allclose(
            one.pred_instances.scores, two.pred_instances.scores, atol=1e-5
        )
    assert not torch.allclose(apart[0].pred_score, apart[1].pred_score, atol=1e-3)


def test_the_whole_image_is_evidence_too(tiny_cfg, build, make_sample):
    tiny_cfg.roi_head.whole_image = True
    tiny_cfg.test_cfg.rpn.max_per_img = 0
    _, (sample,) = predict(tiny_cfg, build, [make_sample(size=(64, 96))])
    height, width = sample.ori_shape
    assert sample.pred_instances.bboxes.tolist() == [[0, 0, width, height]] * 4


def test_beside_a_scene_branch_the_whole_image_is_no_evidence(
    tiny_cfg, build, make_sample
):
    tiny_cfg.roi_head.update(whole_image=True, scene_head=SCENE_HEAD)
    _, (sample,) = predict(tiny_cfg, build, [make_sample(size=(64, 96))])
    height, width = sample.ori_shape
    assert len(sample.pred_instances) > 0
    assert [0, 0, width, height] not in sample.pred_instances.bboxes.tolist()


def test_objectness_chooses_or_multiplies(tiny_cfg, build, make_sample):
    samples = [make_sample()]
    tiny_cfg.roi_head.fusion.num_patches = 3
    model, (chosen,) = predict(tiny_cfg, build, samples, nms=None)
    assert len(chosen.pred_instances) == 3 * 4
    plain = chosen.pred_instances.scores.clone()
    model.roi_head.fusion.objectness = 'multiply'
    with torch.no_grad():
        (multiplied,) = model.predict(IMAGES[:1], [make_sample()])
    # A fresh patch classifier says 0.01.
    ratio = multiplied.pred_instances.scores / plain
    assert torch.allclose(ratio, torch.full_like(ratio, 0.01), rtol=0.2)


def test_score_thr_and_cut_spare_each_labels_best(tiny_cfg, build):
    tiny_cfg.test_cfg.rcnn.update(nms=None, max_per_img=2, score_thr=0.05)
    head = build(tiny_cfg).roi_head
    scores = torch.tensor([[0.9, 0.0], [0.8, 0.2], [0.7, 0.1], [0.01, 0.0]])
    patches = InstanceData(
        bboxes=torch.arange(16.0).reshape(4, 4), scores=scores, object_scores=scores
    )
    found = head.evidence(patches, dict(), rescale=False)
    assert found.labels.tolist() == [0, 1]
    assert torch.allclose(found.scores, torch.tensor([0.9, 0.2]))
    assert torch.equal(found.bboxes, patches.bboxes[:2])
    assert 'context_scores' not in found


def test_channels_last_gives_the_same(tiny_cfg, build, make_sample):
    plain = build(tiny_cfg).eval()
    tiny_cfg.channels_last = True
    other = build(tiny_cfg).eval()
    # Weights are drawn in the order of memory, so a second draw differs.
    other.load_state_dict(plain.state_dict())
    with torch.no_grad():
        levels = plain.extract_feat(IMAGES), other.extract_feat(IMAGES)
        for one, two in zip(*levels, strict=True):
            assert two.is_contiguous()
            assert torch.allclose(one, two, rtol=1e-4, atol=1e-4 * one.abs().max())


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(context_target='all'), 'context_target must be one of'),
        (dict(alpha='much'), "alpha must be a number from 0 on, not 'much'"),
        (dict(gamma=float('inf')), 'gamma must be'),
        (dict(epsilon=-1.0), 'epsilon must be'),
        (dict(bbox_head=dict(with_cls=False), context_head=None), 'neither branch'),
        (dict(bbox_head=dict(with_reg=False)), 'leave with_reg'),
        (dict(shared_head=dict(type='ResLayer', depth=18, stage=3)), 'shared_head'),
        (dict(context_head=dict(num_classes=7)), 'bbox_head.num_classes is 4'),
        (dict(context_roi_extractor=None), 'needs a context_roi_extractor'),
        (dict(scene_head=dict(SCENE_HEAD, num_classes=7)), 'scene_head.num_classes is'),
        (dict(fusion=dict(fuse='learned', num_classes=9)), 'fusion.num_classes is 9'),
        (dict(fusion=dict(fuse='learned'), context_head=None), 'needs both branches'),
    ],
)
def test_wrong_settings_are_named(tiny_cfg, build, option, message):
    _merge(tiny_cfg.roi_head, option)
    with pytest.raises(ValueError, match=message):
        build(tiny_cfg)


def test_the_scene_is_in_the_score_of_every_patch(tiny_cfg, build, samples):
    tiny_cfg.roi_head.scene_head = SCENE_HEAD
    tiny_cfg.roi_head.fusion.scene_weight = 0.25
    model, predicted = predict(tiny_cfg, build, samples)
    with torch.no_grad():
        scene = model.roi_head.scene_head.predict(model.backbone(IMAGES))
    assert not torch.allclose(scene[0], scene[1])
    for sample, expected in zip(predicted, scene, strict=True):
        assert torch.allclose(sample.pred_scene_score, expected)
        boxes = sample.pred_instances
        assert torch.allclose(boxes.scene_scores, expected[boxes.labels])
        patch = (boxes.object_scores + boxes.context_scores) / 2
        assert torch.allclose(0.75 * patch + 0.25 * boxes.scene_scores, boxes.scores)
        for label, score in enumerate(sample.pred_score):
            assert boxes.scores[boxes.labels == label].max() == score


def test_an_image_without_patches_has_its_scene(tiny_cfg, build, make_sample):
    tiny_cfg.roi_head.scene_head = SCENE_HEAD
    tiny_cfg.roi_head.fusion.scene_weight = 0.25
    tiny_cfg.test_cfg.rpn.max_per_img = 0
    model, (sample,) = predict(tiny_cfg, build, [make_sample()])
    with torch.no_grad():
        (scene,) = model.roi_head.scene_head.predict(model.backbone(IMAGES[:1]))
    assert len(sample.pred_instances) == 0
    assert torch.allclose(sample.pred_scene_score, scene)
    assert torch.allclose(sample.pred_score, 0.25 * scene)
    assert sample.pred_object_score.tolist() == [0] * 4


def test_the_scene_branch_has_a_loss_of_its_own(tiny_cfg, build, samples):
    tiny_cfg.roi_head.update(scene_head=SCENE_HEAD, epsilon=3.0)
    tiny_cfg.roi_head.scene_head.dropout = 0.0
    model = build(tiny_cfg)
    losses = assert_trains(model, samples)
    alone = model.roi_head.scene_head.loss(model.backbone(IMAGES), samples)
    # Batch statistics are those of one and the same batch both times.
    assert losses['loss_scene'].item() == pytest.approx(3 * alone['loss_cls'].item())


def test_a_shared_trunk_is_shared_and_registered_once(tiny_cfg, build):
    tiny_cfg.roi_head.share_trunk = True
    model = build(tiny_cfg)
    names = [name for name, _ in model.named_parameters() if 'shared_fcs' in name]
    assert all('bbox_head' in name for name in names) and len(names) == 4
    feats = [torch.rand(1, 16, 24, 24), *[torch.rand(1, 16, 12, 12)] * 3]
    rois, shapes = torch.tensor([[0, 8, 8, 40, 40.0]]), [(96, 96)]
    before = model.roi_head._context_forward(feats, rois, shapes)
    with torch.no_grad():
        model.roi_head.bbox_head.shared_fcs[1].bias += 1
    assert not torch.equal(before, model.roi_head._context_forward(feats, rois, shapes))


def test_given_proposals_replace_the_rpns(tiny_cfg, build, make_sample):
    sample = make_sample(size=(96, 96))
    sample.proposals = InstanceData(bboxes=torch.tensor([[8, 8, 40, 40.0]]))
    _, (predicted,) = predict(tiny_cfg, build, [sample], nms=None)
    assert len(predicted.pred_instances) == 4
    assert len(predicted.pred_instances.bboxes.unique(dim=0)) == 1


def test_the_roi_head_alone_predicts_the_evidence(tiny_cfg, build, make_sample):
    model, (whole,) = predict(tiny_cfg, build, [make_sample()])
    sample = make_sample()
    with torch.no_grad():
        x = model.extract_feat(IMAGES[:1])
        proposals = model.rpn_head.predict(x, [sample], rescale=False)
        (alone,) = model.roi_head.predict(x, proposals, [sample], rescale=True)
    assert torch.equal(alone.scores, whole.pred_instances.scores)
    assert torch.equal(alone.bboxes, whole.pred_instances.bboxes)
