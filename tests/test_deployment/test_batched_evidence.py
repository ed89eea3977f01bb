"""The evidence of a batch is that of its images one by one."""

import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmscanet.deployment.batched_evidence import batched_evidence
from mmscanet.models.roi_heads.evidence import select_evidence

NMS = dict(type='nms', iou_threshold=0.5)


def patches_of(batch: int, patches: int, labels: int) -> dict[str, torch.Tensor]:
    corner = torch.rand(batch, patches, 2) * 30
    scores = torch.rand(batch, patches, labels)
    return dict(
        boxes=torch.cat((corner, corner + 20), dim=2),
        context_boxes=torch.cat((corner - 5, corner + 25), dim=2),
        scores=scores,
        object_scores=scores / 2,
    )


@pytest.mark.parametrize('max_per_img', [-1, 2, 5, 12, 1000])
@pytest.mark.parametrize('nms', [NMS, None])
def test_equals_the_selection_image_by_image(max_per_img: int, nms: dict) -> None:
    patches = patches_of(3, 8, 5)
    filled = torch.ones(3, 8, dtype=torch.bool)
    filled[1, 3:] = False
    filled[2] = False
    cfg = ConfigDict(score_thr=0.3, nms=nms, max_per_img=max_per_img)
    result = batched_evidence(patches, filled, cfg)
    for i in range(3):
        there = InstanceData(
            bboxes=patches['boxes'][i, filled[i]],
            **{
                name: patches[old][i, filled[i]]
                for name, old in (
                    ('context_bboxes', 'context_boxes'),
                    ('scores', 'scores'),
                    ('object_scores', 'object_scores'),
                )
            },
        )
        expected = select_evidence(there, cfg)
        num = (result['box_labels'][i] >= 0).sum()
        assert num == len(expected)
        for name, field in (
            ('boxes', 'bboxes'),
            ('context_boxes', 'context_bboxes'),
            ('box_labels', 'labels'),
            ('box_scores', 'scores'),
            ('box_object_scores', 'object_scores'),
        ):
            assert result[name][i, :num].equal(expected[field])
            blank = -1 if name == 'box_labels' else 0
            assert (result[name][i, num:] == blank).all()


def test_no_label_is_cut_off_from_its_best_box() -> None:
    # Apart from each other: (patch, label) scores, cut to two boxes, three labels.
    boxes = torch.tensor([[0.0, 0, 9, 9], [10, 10, 19, 19], [20, 20, 29, 29]])
    scores = torch.tensor([[0.9, 0.2, 0.0], [0.8, 0.3, 0.0], [0.7, 0.0, 0.4]])
    cfg = ConfigDict(score_thr=0.1, nms=NMS, max_per_img=2)
    filled = torch.ones(1, 3, dtype=torch.bool)
    result = batched_evidence(dict(boxes=boxes[None], scores=scores[None]), filled, cfg)
    assert result['box_labels'].tolist() == [[0, 2, 1]]
    torch.testing.assert_close(result['box_scores'], torch.tensor([[0.9, 0.4, 0.3]]))
    assert result['boxes'][0, :, 0].tolist() == [0, 20, 10]
