"""Patches on and beside boxes of which the data set is not sure."""

import pytest
import torch
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

from mmscanet.models import DoubtfulBoxAssigner

BOX = [20.0, 20, 40, 40]
ELSEWHERE = [70.0, 40, 90, 60]
CROWD = [0.0, 0, 96, 96]
OUTSIDE = [90.0, 90, 120, 120]  # of which a twenty-fifth lies in the crowd


def build(ignore_iof_thr=0.5):
    cfg = dict(type='DoubtfulBoxAssigner', ignore_iof_thr=ignore_iof_thr)
    cfg.update(pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5)
    return TASK_UTILS.build(cfg)


def boxes(*each):
    tensor = torch.tensor(each).reshape(-1, 4)
    return InstanceData(
        bboxes=tensor, labels=torch.zeros(len(tensor), dtype=torch.long)
    )


def assign(assigner, truth, ignored):
    patches = InstanceData(priors=torch.tensor([BOX, OUTSIDE]))
    return assigner.assign(patches, truth, ignored).gt_inds.tolist()


@pytest.mark.parametrize('truth', [(), (ELSEWHERE,)])
def test_a_patch_on_an_ignored_box_is_no_background(truth):
    assert assign(build(), boxes(*truth), boxes(CROWD)) == [-1, 0]


def test_it_may_match_another_box(monkeypatch):
    assert assign(build(), boxes(BOX), boxes(CROWD)) == [1, 0]
    parent = DoubtfulBoxAssigner.__base__
    monkeypatch.setattr(DoubtfulBoxAssigner, 'assign', parent.assign)
    assert assign(build(), boxes(BOX), boxes(CROWD)) == [-1, 0]


def test_ignored_boxes_can_be_background():
    assert assign(build(ignore_iof_thr=-1), boxes(), boxes(CROWD)) == [0, 0]


@pytest.mark.parametrize('ignored', [None, boxes()])
def test_there_need_be_no_ignored_box(ignored):
    assert assign(build(), boxes(BOX), ignored) == [1, 0]
