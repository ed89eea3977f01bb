"""Several views of an image make one prediction."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import nn

from mmscanet.models import MultiLabelTTAModel

CFG = ConfigDict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=10)


class Module(nn.Module):
    """Stands for a model, whose predictions the tests make themselves."""

    def test_step(self, data):
        raise NotImplementedError


def view(scores, boxes=None, box_scores=(), labels=(), flip=False):
    """What a model predicts of one view of an image 100 wide and 50 high."""
    sample = DetDataSample(
        metainfo=dict(
            ori_shape=(50, 100),
            flip=flip,
            flip_direction='horizontal' if flip else None,
        )
    )
    sample.pred_score = torch.tensor(scores)
    if boxes is not None:
        sample.pred_context_score = torch.tensor(scores) / 2
        boxes = torch.tensor(boxes, dtype=torch.float).reshape(-1, 4)
        sample.pred_instances = InstanceData(
            bboxes=boxes,
            context_bboxes=boxes.clone(),
            labels=torch.tensor(labels, dtype=torch.long),
            scores=torch.tensor(box_scores),
            context_scores=torch.tensor(box_scores) / 2,
        )
    return sample


def merge(*views):
    (merged,) = MultiLabelTTAModel(Module(), tta_cfg=CFG).merge_preds([list(views)])
    return merged


def test_image_scores_are_means():
    merged = merge(view([0.2, 0.8]), view([0.4, 0.0], flip=True))
    assert merged.pred_score.tolist() == pytest.approx([0.3, 0.4])
    assert 'pred_instances' not in merged


def test_evidence_of_a_mirrored_view_is_mirrored_back():
    merged = merge(
        view([0.5], [[0, 0, 20, 20]], [0.5], [0]),
        view([0.9], [[70, 10, 100, 50]], [0.9], [0], flip=True),
    )
    assert merged.pred_context_score.tolist() == pytest.approx([0.35])
    evidence = merged.pred_instances
    expected = [[0, 10, 30, 50], [0, 0, 20, 20]]
    assert evidence.bboxes.tolist() == expected
    assert evidence.context_bboxes.tolist() == expected
    assert evidence.scores.tolist() == pytest.approx([0.9, 0.5])
    assert evidence.context_scores.tolist() == pytest.approx([0.45, 0.25])


def test_the_same_box_in_two_views_is_shown_once():
    merged = merge(
        view([0.5, 0.1], [[0, 0, 20, 20], [0, 0, 20, 20]], [0.5, 0.1], [0, 1]),
        view([0.6, 0.0], [[80, 0, 100, 19]], [0.6], [0], flip=True),
    )
    evidence = merged.pred_instances
    assert evidence.labels.tolist() == [0, 1]
    assert evidence.scores.tolist() == pytest.approx([0.6, 0.1])


def test_no_view_has_evidence():
    assert len(merge(view([0.0], []), view([0.0], [])).pred_instances) == 0
