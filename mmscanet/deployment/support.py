"""Which models can be exported faithfully."""

from operator import attrgetter

from mmcv.ops import RoIAlign
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import RPNHead
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.utils import ConfigType
from torch import nn

from mmscanet.errors import ConfigError
from mmscanet.models.detectors import SCANet
from mmscanet.models.roi_heads import (
    ContextExpandRoIExtractor,
    MultiLabelBBoxHead,
    SCAFusion,
    SCARoIHead,
)

# What ExportableSCANet calls in another way than mmdet does. A subclass may do
# something else there; backbone and neck are free.
_PARTS = {
    'data_preprocessor': DetDataPreprocessor,
    'rpn_head': RPNHead,
    'rpn_head.bbox_coder': DeltaXYWHBBoxCoder,
    'roi_head': SCARoIHead,
    'roi_head.bbox_roi_extractor': SingleRoIExtractor,
    'roi_head.bbox_head': MultiLabelBBoxHead,
    'roi_head.bbox_head.bbox_coder': DeltaXYWHBBoxCoder,
    'roi_head.fusion': SCAFusion,
}
_CONTEXT_PARTS = {
    'roi_head.context_roi_extractor': ContextExpandRoIExtractor,
    'roi_head.context_head': MultiLabelBBoxHead,
}


def check_exportable(model: nn.Module) -> None:
    """Refuse a model of which an exported graph would not predict the same.

    Raises:
        ConfigError: Names the part.
    """
    if type(model) is not SCANet:
        raise ConfigError(f'only a SCANet can be exported, not {type(model).__name__}')
    parts = dict(_PARTS)
    if type(model.roi_head) is SCARoIHead and model.roi_head.with_context:
        parts |= _CONTEXT_PARTS
    for name, expected in parts.items():
        given = type(attrgetter(name)(model))
        if given is not expected:
            raise ConfigError(
                f'model.{name} is {given.__name__}: only {expected.__name__} can be '
                'exported faithfully'
            )
    if not model.rpn_head.use_sigmoid_cls:
        raise ConfigError(
            'model.rpn_head has softmax scores: only sigmoid scores can be exported'
        )
    if not model.roi_head.bbox_head.reg_class_agnostic:
        raise ConfigError(
            'model.roi_head.bbox_head.reg_class_agnostic is False: only boxes that all '
            'labels share can be exported'
        )
    _check_operators(model)
    _check_nms('rpn', model.rpn_head.test_cfg.get('nms'))
    if model.roi_head.test_cfg.nms is not None:
        _check_nms('rcnn', model.roi_head.test_cfg.nms)


def _check_operators(model: nn.Module) -> None:
    """Refuse modules that run an operator of mmcv which ONNX does not have."""
    for name, module in model.named_modules():
        kind = type(module)
        if '.loss_' in name or not kind.__module__.startswith('mmcv.ops'):
            continue
        if kind is not RoIAlign:
            raise ConfigError(
                f'model.{name} is {kind.__name__}, an operator of mmcv that ONNX does '
                'not have'
            )
        if module.pool_mode != 'avg':
            raise ConfigError(
                f'model.{name} has pool_mode={module.pool_mode!r}: ONNX pools the '
                "samples of a bin otherwise than mmcv, unless it is 'avg'"
            )


def _check_nms(where: str, cfg: ConfigType | None) -> None:
    """Refuse another non-maximum suppression than the plain one."""
    cfg = dict(cfg or {})
    kind = cfg.pop('type', 'nms')
    if kind != 'nms' or set(cfg) != {'iou_threshold'}:
        settings = ', '.join([f'type={kind!r}', *sorted(cfg)])
        raise ConfigError(
            f"model.test_cfg.{where}.nms has {settings}: only type='nms' with an "
            'iou_threshold and no other setting can be exported faithfully'
        )
