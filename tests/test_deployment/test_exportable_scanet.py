"""The exportable form of a model predicts the same, whatever the model's settings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mmscanet.deployment import ExportableSCANet, check_exportable
from mmscanet.deployment.agreement import (
    box_difference,
    label_difference,
    split_batch,
    torch_predict,
)

LOSS = dict(type='PatchLabelLoss', reading='logit')
SCENE_HEAD = dict(
    type='LabelQueryHead',
    in_channels=16,  # of the last of the tiny model's levels
    hidden_channels=16,
    feedforward_channels=16,
    num_heads=2,
)
NO_PROPOSALS = {'test_cfg.rpn.min_bbox_size': 1000}
SETTINGS: dict[str, dict[str, Any]] = {
    'as it is': {},
    'fused by max': {'roi_head.fusion.fuse': 'max'},
    'fused by product': {'roi_head.fusion.fuse': 'product'},
    'fused by learned weights': {'roi_head.fusion.fuse': 'learned'},
    'pooled by topk': {'roi_head.fusion.pool': 'topk', 'roi_head.fusion.topk': 20},
    'pooled by noisy or': {'roi_head.fusion.pool': 'noisy_or'},
    'objectness as a factor': {
        'roi_head.fusion.objectness': 'multiply',
        'test_cfg.rcnn.score_thr': 0.001,
    },
    'few patches': {'roi_head.fusion.num_patches': 3},
    'the whole image': {'roi_head.whole_image': True},
    'patches read again': {'test_cfg.rcnn.refinements': 2},
    'patches read again beside the whole image': {
        'test_cfg.rcnn.refinements': 1,
        'roi_head.whole_image': True,
    },
    'the whole image as context': {'roi_head.context_roi_extractor.whole_image': True},
    'more context for small': {'roi_head.context_roi_extractor.small_expand_ratio': 4},
    'object branch only': {
        'roi_head.context_roi_extractor': None,
        'roi_head.context_head': None,
    },
    'context branch only': {'roi_head.bbox_head.with_cls': False},
    'a scene branch': {'roi_head.scene_head': SCENE_HEAD},
    'a scene branch beside noisy or': {
        'roi_head.scene_head': SCENE_HEAD,
        'roi_head.fusion.pool': 'noisy_or',
    },
    'a scene branch beside the whole image only': {
        'roi_head.scene_head': SCENE_HEAD,
        'roi_head.whole_image': True,
        **NO_PROPOSALS,
    },
    'a scene branch without patches': {
        'roi_head.scene_head': SCENE_HEAD,
        **NO_PROPOSALS,
    },
    'shared trunk': {'roi_head.share_trunk': True},
    'scaled logits': {
        'roi_head.bbox_head.loss_cls': LOSS,
        'roi_head.context_head.loss_cls': LOSS,
    },
    'one level': {'roi_head.bbox_roi_extractor.featmap_strides': [4]},
    'unaligned, all samples': {
        'roi_head.bbox_roi_extractor.roi_layer.aligned': False,
        'roi_head.bbox_roi_extractor.roi_layer.sampling_ratio': 0,
    },
    'all anchors': {'test_cfg.rpn.nms_pre': -1, 'test_cfg.rpn.max_per_img': 40},
    'large proposals': {'test_cfg.rpn.min_bbox_size': 25},
    'no proposals': NO_PROPOSALS,
    'all boxes': {'test_cfg.rcnn.nms': None, 'test_cfg.rcnn.max_per_img': -1},
    'fewer boxes than labels': {
        'test_cfg.rcnn.max_per_img': 4,
        'test_cfg.rcnn.score_thr': 0.3,
    },
    'BGR, no scaling': {
        'data_preprocessor.bgr_to_rgb': False,
        'data_preprocessor.mean': None,
        'data_preprocessor.std': None,
    },
    'channels last': {'channels_last': True},
}


@pytest.mark.parametrize('settings', SETTINGS.values(), ids=SETTINGS)
@torch.no_grad()
def test_predicts_what_the_model_does(
    settings: dict[str, Any], make_model: Callable, photos: np.ndarray
) -> None:
    model = make_model(settings)
    if settings.get('roi_head.fusion.fuse') == 'learned':
        torch.nn.init.normal_(model.roi_head.fusion.logit_weight)
    check_exportable(model)
    images = photos[:, :, :150, :]  # padded to 160 again
    if not model.data_preprocessor._enable_normalize:
        # As small as normalised pixels: rounding, which processors do each in their
        # own way, grows with them.
        images = images // 64
    outputs = ExportableSCANet(model, images.shape[2:])(torch.from_numpy(images))
    predictions = split_batch({name: each.numpy() for name, each in outputs.items()})
    references = torch_predict(model)(images)
    for prediction, reference in zip(predictions, references, strict=True):
        assert prediction.keys() == reference.keys()
        assert label_difference(prediction, reference) < 1e-5
        assert box_difference(prediction, reference, images.shape[2:]) < 1e-4
        assert (np.diff(prediction['box_scores']) <= 0).all()
    found = sum(len(reference['boxes']) for reference in references)
    without = NO_PROPOSALS.items() <= settings.items()
    assert (found == 0) == (without and not model.roi_head.predicts_whole_image)


def test_labels_only_leaves_boxes_out(make_model: Callable, photos: np.ndarray) -> None:
    model = make_model({})
    images = torch.from_numpy(photos[:2])
    with torch.no_grad():
        labels = ExportableSCANet(model, (160, 160), with_boxes=False)(images)
        everything = ExportableSCANet(model, (160, 160))(images)
    assert list(labels) == ['scores', 'object_scores', 'context_scores']
    assert all(labels[name].equal(everything[name]) for name in labels)


def test_places_without_a_box_are_blank(
    make_model: Callable, photos: np.ndarray
) -> None:
    model = make_model({'test_cfg.rcnn.score_thr': 0.6})
    with torch.no_grad():
        outputs = ExportableSCANet(model, (160, 160))(torch.from_numpy(photos[:1]))
    blank = outputs['box_labels'] == -1
    assert blank.shape == (1, 100)
    assert 0 < blank.sum() < 100
    for name in ('boxes', 'context_boxes', 'box_scores', 'box_object_scores'):
        assert not outputs[name][blank].any()
