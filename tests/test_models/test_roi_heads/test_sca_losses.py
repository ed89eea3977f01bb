"""What the nets of SCANet are taught, by hand."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmscanet.models.detectors.pyramid import Pyramid

BOX = [20.0, 20, 40, 40]
BESIDE = [38.0, 20, 48, 40]  # in the widened patch of BOX, and not in the tight one
CROWD = ([[0.0, 0, 96, 96]], [2])
LEVELS = (24, 12, 6, 3)


def patches(*boxes):
    return InstanceData(bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4))


@pytest.fixture
def head(tiny_cfg, build):
    """A head that draws every proposal, the boxes themselves not being any."""
    tiny_cfg.train_cfg.rcnn.sampler.update(num=1000, add_gt_as_proposals=False)
    tiny_cfg.roi_head.whole_image = True
    return build(tiny_cfg).roi_head


def losses(head, proposals, samples):
    torch.manual_seed(0)
    x = [torch.rand(len(samples), 16, side, side) for side in LEVELS]
    return head.loss(x, proposals, samples)


def test_targets_of_each_net(head, make_sample, monkeypatch):
    taught = {}

    def listen(name, loss):
        def forward(logits, target, weight):
            taught[name] = target.int().tolist(), weight.int().tolist()
            return logits.sum()

        monkeypatch.setattr(loss, 'forward', forward)

    def patch_loss(logits, target):
        taught['patch'] = target.tolist()
        return logits.sum()

    listen('object', head.bbox_head.loss_cls)
    listen('context', head.context_head.loss_cls)
    monkeypatch.setattr(head.bbox_head, 'patch_loss', patch_loss)
    crowd = [[60.0, 60, 90, 90]]
    losses(
        head,
        [patches(BOX), patches([0, 0, 9, 9])],
        [
            make_sample([BOX, BESIDE], [0, 1], gt_score=[1, 1, 0, 0]),
            make_sample([], [], crowd, [2], gt_score=[0, 0, -1, 1]),
        ],
    )
    # The patches of both images, then the two whole images, which the patch classifier
    # is not asked about. Of label 2 nobody knows in the second image.
    assert taught['patch'] == [True, False]
    target, weight = taught['object']
    assert target == [[1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]]
    assert weight == [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1], [1, 1, 0, 1]]
    target, weight = taught['context']
    assert target == [[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]]
    assert weight == [[1, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1], [1, 1, 0, 1]]


def test_the_whole_image_is_learnt_beside_a_scene_branch_too(
    tiny_cfg, build, make_sample, monkeypatch
):
    tiny_cfg.train_cfg.rcnn.sampler.update(num=1000, add_gt_as_proposals=False)
    scene = dict(type='LabelQueryHead', in_channels=8, hidden_channels=16)
    scene |= dict(feedforward_channels=16, num_heads=2)
    tiny_cfg.roi_head.update(whole_image=True, scene_head=scene, delta=1.0)
    head = build(tiny_cfg).roi_head
    assert not head.predicts_whole_image
    counts, pooled = [], []
    monkeypatch.setattr(
        head.bbox_head.loss_cls,
        'forward',
        lambda logits, *_: counts.append(len(logits)) or logits.sum(),
    )
    image_scores = head.fusion.image_scores
    monkeypatch.setattr(
        head.fusion,
        'image_scores',
        lambda **scores: (
            pooled.append(len(scores['object_scores'])) or image_scores(**scores)
        ),
    )
    x = [torch.rand(1, 16, side, side) for side in LEVELS]
    pyramid = Pyramid(x, backbone=(torch.rand(1, 8, 3, 3),))
    head.loss(pyramid, [patches(BOX)], [make_sample([BOX], [1], gt_score=[0, 1, 0, 0])])
    assert counts == [2]  # the patch and the image
    assert pooled == [1]  # as in prediction: the patch


def test_a_patch_on_an_ignored_box_is_drawn_with_the_box_it_matches(head, make_sample):
    found = head._sample(patches(BOX), make_sample([BOX], [1], *CROWD))
    assert found.pos_priors.tolist() == [BOX]
    assert found.pos_gt_labels.tolist() == [1]
    # Without such a box it is not drawn at all.
    found = head._sample(patches(BOX), make_sample([BESIDE], [1], *CROWD))
    assert len(found.pos_priors) == len(found.neg_priors) == 0


def test_the_regressor_learns_to_move_a_patch_onto_its_box(head, make_sample):
    beside = [22.0, 21, 42, 41]
    step = torch.optim.SGD(head.bbox_head.fc_reg.parameters(), lr=0.1)
    sample = make_sample([BOX], [0])
    found = []
    for _ in range(30):
        step.zero_grad()
        loss = losses(head, [patches(beside)], [sample])['loss_bbox']
        loss.backward()
        step.step()
        found.append(loss.item())
    assert found[-1] < 0.05 * found[0]
    deltas = head.bbox_head.fc_reg.bias.detach()[None]
    assert deltas[0, 0] < 0 and deltas[0, 1] < 0  # to the left and up


def test_a_patch_is_moved_by_its_deltas_inside_its_image(head):
    rois = torch.tensor([[0, *BOX], [1, *BOX], [1, 0, 0, 96, 64]])
    # Shares of the patch's size, divided by the coder's deviations of 0.1.
    deltas = torch.tensor([[1.0, 0, 0, 0], [0, 20, 0, 0], [1, 1, 0, 0]])
    moved = head._move(
        rois,
        deltas,
        torch.tensor([True, True, False]),
        [(64, 96), (64, 96)],
    )
    assert moved.tolist() == [[22, 20, 42, 40], [20, 60, 40, 64], [0, 0, 96, 64]]


def test_a_patch_is_moved_as_its_likeliest_label_says(tiny_cfg, build):
    tiny_cfg.roi_head.bbox_head.reg_class_agnostic = False
    head = build(tiny_cfg).roi_head
    deltas = torch.zeros(1, 4, 4)
    deltas[0, 2, 0] = 1.0
    rois = torch.tensor([[0, *BOX]])
    for likeliest, expected in ((2, 22.0), (1, 20.0)):
        moved = head._move(
            rois,
            deltas.flatten(1),
            torch.tensor([True]),
            [(64, 96)],
            torch.tensor([likeliest]),
        )
        assert moved[0, 0] == expected


def test_mixed_precision_trains_and_scores_in_full(tiny_cfg, build, make_sample):
    # On a CPU mmcv's RoIAlign takes no half precision, so only the heads run in it.
    tiny_cfg.roi_head.update(delta=1.0, whole_image=True)
    head = build(tiny_cfg).roi_head
    samples = [make_sample([BOX], [0]), make_sample([BOX], [1], gt_score=[0, 1, 1, -1])]
    logits = torch.randn(6, 4, requires_grad=True)
    image_index = torch.tensor([0, 0, 0, 1, 1, 1])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        half = logits.bfloat16()
        objectness = torch.ones(6)
        scores = head._activate(half, half, objectness)
        loss = head._image_loss(scores, image_index, samples)
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()
    assert scores['object_scores'].dtype == torch.float32
    assert scores['context_scores'].dtype == torch.float32


def test_image_loss_by_hand(tiny_cfg, build, make_sample):
    tiny_cfg.roi_head.delta = 2.0
    head = build(tiny_cfg).roi_head
    # One image of two patches; the branches agree, and max pools them.
    scores = torch.tensor([[0.8, 0.1, 0.3, 0.5], [0.2, 0.4, 0.1, 0.6]])
    # Present, absent, absent, not scored.
    sample = make_sample([BOX], [0], gt_score=[1, 0, 0, -1])
    logits = scores.logit()
    scores = head._activate(logits, logits, torch.ones(2))
    loss = head._image_loss(scores, torch.zeros(2), [sample])
    expected = -2 * (torch.tensor([0.8, 0.6, 0.7]).log().sum())
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_image_loss_of_an_image_without_patches_is_its_scenes(
    tiny_cfg, build, make_sample
):
    tiny_cfg.roi_head.delta = 1.0
    tiny_cfg.roi_head.fusion.scene_weight = 0.25
    head = build(tiny_cfg).roi_head
    patches = torch.tensor([[0.8, 0.1, 0.3, 0.5]]).logit()
    scores = head._activate(patches, patches, torch.ones(1))
    scene = torch.tensor([[0.4, 0.5, 0.7, 0.1], [0.2, 0.4, 0.6, 0.8]])
    samples = [make_sample([BOX], [0]), make_sample(gt_score=[0, 0, 0, 1])]
    loss = head._image_loss(scores, torch.zeros(1), samples, scene)
    # Three parts of the patch and one of the scene; nothing and one of the scene.
    both = torch.tensor([0.7, 0.8, 0.6, 0.6])
    alone = torch.tensor([0.95, 0.9, 0.85, 0.2])
    expected = -(both.log().sum() + alone.log().sum()) / 2
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
