"""What cannot be exported faithfully is refused by its name."""

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from mmscanet.deployment import check_exportable
from mmscanet.errors import ConfigError

GENERIC = dict(
    _delete_=True,
    type='GenericRoIExtractor',
    roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=1),
    out_channels=32,
    featmap_strides=[4, 8, 16, 32],
)
CONTEXT_LAYER = 'roi_head.context_roi_extractor.roi_layer'
REFUSED = {
    'another extractor': (
        {'roi_head.bbox_roi_extractor': GENERIC},
        'model.roi_head.bbox_roi_extractor is GenericRoIExtractor',
    ),
    'another box coder': (
        {'rpn_head.bbox_coder.type': 'DeltaXYWHBBoxCoderForGLIP'},
        'model.rpn_head.bbox_coder is DeltaXYWHBBoxCoderForGLIP',
    ),
    'a softmax': ({'rpn_head.loss_cls.use_sigmoid': False}, 'softmax'),
    'soft suppression': (
        {'test_cfg.rpn.nms.type': 'soft_nms'},
        "model.test_cfg.rpn.nms has type='soft_nms'",
    ),
    'a setting of suppression': (
        {'test_cfg.rcnn.nms.max_num': 5},
        "model.test_cfg.rcnn.nms has type='nms', iou_threshold, max_num",
    ),
    'a regressor a label': (
        {'roi_head.bbox_head.reg_class_agnostic': False},
        'model.roi_head.bbox_head.reg_class_agnostic is False',
    ),
    'pooling by max': ({f'{CONTEXT_LAYER}.pool_mode': 'max'}, "pool_mode='max'"),
    'another RoI layer': (
        {CONTEXT_LAYER: dict(_delete_=True, type='RoIPool', output_size=7)},
        'model.roi_head.context_roi_extractor.roi_layers.0 is RoIPool, an operator',
    ),
    'deformable convolution': (
        {'neck.conv_cfg': dict(type='DCNv2')},
        'model.neck.lateral_convs.0.conv is ModulatedDeformConv2dPack, an operator',
    ),
}


@pytest.mark.parametrize(('settings', 'words'), REFUSED.values(), ids=REFUSED)
def test_parts_are_refused(
    settings: dict[str, Any], words: str, make_random_model: Callable
) -> None:
    with pytest.raises(ConfigError) as error:
        check_exportable(make_random_model(settings))
    assert words in str(error.value)


def test_another_detector_is_refused() -> None:
    with pytest.raises(ConfigError, match='only a SCANet can be exported, not Linear'):
        check_exportable(nn.Linear(1, 1))
