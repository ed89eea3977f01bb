"""A small SCANet and small data for the model's tests."""

from collections.abc import Callable

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData

from mmscanet.models import SCANet

NUM_CLASSES = 4


@pytest.fixture
def make_sample() -> Callable[..., DetDataSample]:
    """Build the data sample of one image from plain lists."""

    def make(
        boxes=(), labels=(), crowd=(), crowd_labels=(), gt_score=None, size=(64, 96)
    ) -> DetDataSample:
        def instances(boxes, labels):
            return InstanceData(
                bboxes=torch.tensor(boxes, dtype=torch.float).reshape(-1, 4),
                labels=torch.tensor(labels, dtype=torch.long),
            )

        sample = DetDataSample(
            metainfo=dict(
                img_id=0,
                img_shape=size,
                ori_shape=(size[0] * 2, size[1] * 4),
                scale_factor=(0.25, 0.5),
                pad_shape=(96, 96),
                batch_input_shape=(96, 96),
            )
        )
        sample.gt_instances = instances(boxes, labels)
        sample.ignored_instances = instances(crowd, crowd_labels)
        if gt_score is not None:
            sample.gt_score = torch.tensor(gt_score, dtype=torch.int8)
        return sample

    return make


@pytest.fixture
def tiny_cfg(repo_root) -> ConfigDict:
    """SCANet's own base config with a ResNet-18 and few channels."""
    cfg = Config.fromfile(repo_root / 'configs/_base_/models/scanet_r18_fpn.py')
    model = cfg.model
    model.backbone.update(init_cfg=None, frozen_stages=-1)
    model.neck.out_channels = 16
    model.rpn_head.update(in_channels=16, feat_channels=16)
    roi = model.roi_head
    for part in (roi.bbox_roi_extractor, roi.context_roi_extractor):
        part.out_channels = 16
    for part in (roi.bbox_head, roi.context_head):
        part.update(in_channels=16, fc_out_channels=32, num_classes=NUM_CLASSES)
    model.train_cfg.rcnn.sampler.num = 16
    model.train_cfg.rpn_proposal.max_per_img = 20
    model.test_cfg.rpn.max_per_img = 20
    # A fresh model scores all labels near its prior of 0.01.
    model.test_cfg.rcnn.score_thr = 0.0
    return model


@pytest.fixture
def build() -> Callable[[ConfigDict], SCANet]:
    """Build a model in training mode with weights that do not vary."""

    def make(cfg: ConfigDict) -> SCANet:
        torch.manual_seed(0)
        model = MODELS.build(cfg)
        model.init_weights()
        return model.train()

    return make
