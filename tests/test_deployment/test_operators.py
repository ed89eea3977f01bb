"""Suppression for a batch: by hand, against mmcv's, and in ONNX Runtime."""

from pathlib import Path

import pytest
import torch
from mmcv.ops import RoIAlign, batched_nms
from torch import Tensor, nn
from torchvision.ops import roi_align

from mmscanet.deployment.operators import (
    grouped_nms_mask,
    nms_mask,
    onnx_translations,
    take,
)


def random_boxes(batch: int, number: int) -> tuple[Tensor, Tensor]:
    """Return boxes (B, N, 4) of which many overlap, and scores (B, N)."""
    corner = torch.rand(batch, number, 2) * 50
    boxes = torch.cat((corner, corner + 10 + 20 * torch.rand(batch, number, 2)), dim=2)
    return boxes, torch.rand(batch, number)


def test_the_better_of_two_overlapping_boxes_is_kept() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [20, 20, 30, 30]])
    boxes = boxes.expand(3, 3, 4)
    scores = torch.tensor([[0.5, 0.6, 0.1], [0.5, -1.0, 0.1], [-1.0, -1.0, -1.0]])
    kept = [[False, True, True], [True, False, True], [False, False, False]]
    assert nms_mask(boxes, scores, 0.7, 10).tolist() == kept  # their IoU is 0.8
    assert nms_mask(boxes, scores, 0.7, 1).sum(1).tolist() == [1, 1, 0]
    assert nms_mask(boxes, scores, 0.9, 10)[0].all()


def test_groups_are_suppressed_as_by_mmcv() -> None:
    boxes, scores = random_boxes(3, 60)
    groups = torch.arange(60) % 4
    filled = torch.rand(3, 60) > 0.2
    kept = grouped_nms_mask(boxes, scores, groups, filled, 0.3, 25)
    for i in range(3):
        there = filled[i].nonzero().squeeze(1)
        _, order = batched_nms(
            boxes[i, there],
            scores[i, there],
            groups[there],
            dict(type='nms', iou_threshold=0.3),
        )
        assert 25 < len(order) < len(there)
        expected = sorted(there[order[:25]].tolist())
        assert kept[i].nonzero().squeeze(1).tolist() == expected


def test_onnx_runtime_suppresses_the_same(tmp_path: Path) -> None:
    pytest.importorskip('onnxscript', reason='needs requirements/deployment.txt')
    runtime = pytest.importorskip(
        'onnxruntime', reason='needs requirements/deployment.txt'
    )

    class Suppress(nn.Module):
        def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
            return nms_mask(boxes, scores, 0.3, 20)

    boxes, scores = random_boxes(4, 60)
    scores[0, :50] = -1
    scores[3] = -1  # nothing is there
    dim = torch.export.Dim('batch')
    program = torch.export.export(
        Suppress(), (boxes, scores), dynamic_shapes=[{0: dim}] * 2
    )
    program = torch.onnx.export(
        program,
        input_names=['boxes', 'scores'],
        opset_version=18,
        custom_translation_table=onnx_translations(),
        verbose=False,
    )
    program.save(tmp_path / 'nms.onnx')
    session = runtime.InferenceSession(tmp_path / 'nms.onnx')
    for batch in (4, 1):
        inputs = dict(boxes=boxes[:batch].numpy(), scores=scores[:batch].numpy())
        (kept,) = session.run(None, inputs)
        expected = nms_mask(boxes[:batch], scores[:batch], 0.3, 20)
        assert kept.tolist() == expected.tolist()
    assert expected.sum() > 0


@pytest.mark.parametrize('sampling_ratio', [0, 1, 2])
@pytest.mark.parametrize('aligned', [True, False])
def test_torchvision_reads_what_mmcv_reads(sampling_ratio: int, aligned: bool) -> None:
    feats = torch.rand(2, 3, 12, 16)
    boxes, _ = random_boxes(1, 30)
    rois = torch.cat((torch.arange(30)[:, None] % 2, boxes[0]), dim=1)
    rois[0, 1:] = 0  # a place that is not filled
    layer = RoIAlign((7, 5), 0.25, sampling_ratio, aligned=aligned)
    ours = roi_align(feats, rois, (7, 5), 0.25, sampling_ratio, aligned)
    torch.testing.assert_close(ours, layer(feats, rois), atol=1e-6, rtol=0)


def test_take_picks_rows_of_each_image() -> None:
    values = torch.arange(12).reshape(2, 3, 2)
    picked = take(values, torch.tensor([[2, 0], [1, 1]]))
    assert picked.tolist() == [[[4, 5], [0, 1]], [[8, 9], [8, 9]]]
