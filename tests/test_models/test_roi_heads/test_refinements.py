"""Patches that are moved by the regressor and read there again."""

import pytest
import torch
from mmengine.structures import InstanceData

IMAGES = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize('whole_image', [False, True])
def test_a_refinement_reads_what_the_regressor_says(
    tiny_cfg, build, make_sample, whole_image
):
    tiny_cfg.roi_head.whole_image = whole_image
    sample = make_sample(size=(96, 96))
    sample.proposals = InstanceData(bboxes=torch.tensor([[30.0, 10, 70, 60]]))
    model = build(tiny_cfg).eval()
    head = model.roi_head
    for layer in (head.bbox_head.fc_reg, head.bbox_head.fc_cls):
        torch.nn.init.normal_(layer.weight, std=0.5)
    with torch.no_grad():
        (once,) = model.score_patches(IMAGES[:1], [sample])
        head.refinements = 1
        (twice,) = model.score_patches(IMAGES[:1], [sample])
        head.refinements = 0
        sample.proposals.bboxes = once.bboxes[:1]
        (expected,) = model.score_patches(IMAGES[:1], [sample])
    assert not torch.allclose(twice.bboxes[0], once.bboxes[0], atol=1.0)
    # What it chose the patches by is the proposals' own.
    assert torch.equal(twice.objectness, once.objectness)
    for name in ('bboxes', 'context_bboxes', 'object_scores', 'context_scores'):
        torch.testing.assert_close(twice[name], expected[name])
    if whole_image:
        assert twice.bboxes[1].tolist() == [0, 0, 96, 96]


@pytest.mark.parametrize('value', [-1, 'x', True, 1.5])
def test_wrong_refinements_are_named(tiny_cfg, build, value):
    tiny_cfg.test_cfg.rcnn.refinements = value
    with pytest.raises(ValueError, match='refinements must be a whole number from 0'):
        build(tiny_cfg)


def test_no_refinements_are_none(tiny_cfg, build):
    tiny_cfg.test_cfg.rcnn.refinements = None
    assert build(tiny_cfg).roi_head.refinements == 0


def test_refined_patches_end_with_their_own_image(tiny_cfg, build, make_sample):
    sizes = [(96, 64), (96, 96)]
    samples = [make_sample(size=size) for size in sizes]
    for sample in samples:
        sample.proposals = InstanceData(bboxes=torch.tensor([[20.0, 10, 60, 90]]))
    tiny_cfg.test_cfg.rcnn.refinements = 1
    model = build(tiny_cfg).eval()
    # To the right, and wider, as far as the image goes.
    torch.nn.init.zeros_(model.roi_head.bbox_head.fc_reg.weight)
    model.roi_head.bbox_head.fc_reg.bias.data = torch.tensor([9.0, 0, 9, 0])
    model.roi_head.context_roi_extractor.expand_ratio = 1.0
    with torch.no_grad():
        patches = model.score_patches(IMAGES, samples)
    for each, (_, width) in zip(patches, sizes, strict=True):
        assert each.context_bboxes[0, 2] == each.bboxes[0, 2] == width


def test_a_regressor_a_label_does_not_go_with_refinements(tiny_cfg, build):
    tiny_cfg.roi_head.bbox_head.reg_class_agnostic = False
    tiny_cfg.test_cfg.rcnn.refinements = 1
    with pytest.raises(ValueError, match='needs one regressor for all labels'):
        build(tiny_cfg)
