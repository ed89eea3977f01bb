"""What the label predictors of the two branches are trained on."""

import torch
import torch.nn.functional as F
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData
from torch import Tensor

CONTEXT_TARGETS = ('inside', 'matched', 'image')


def present(boxes: Tensor, instances: InstanceData, num_classes: int) -> Tensor:
    """Which labels are inside which boxes.

    An instance is inside a box when at least half of its own area is.

    Args:
        boxes: (N, 4) as (x1, y1, x2, y2), in the frame of ``instances``.
        instances: ``bboxes`` (M, 4) and ``labels`` (M,).
        num_classes: C.

    Returns:
        (N, C), bool.
    """
    inside = bbox_overlaps(instances.bboxes, boxes, mode='iof') >= 0.5  # (M, N)
    one_hot = F.one_hot(instances.labels, num_classes).to(boxes.dtype)  # (M, C)
    return inside.to(boxes.dtype).T @ one_hot > 0


def unknown(
    boxes: Tensor, ignored: InstanceData, gt_score: Tensor | None, num_classes: int
) -> Tensor:
    """Which labels cannot be called absent from which boxes.

    Crowd regions (COCO) and difficult objects (VOC) are not ground truth, yet a
    predictor that sees one should not learn that its label is absent. Neither
    where the image as a whole is not scored for the label.

    Args:
        boxes: (N, 4), see :func:`present`.
        ignored: Ignored instances, see :func:`present`.
        gt_score: (C,), -1 for a label that is not scored; may be ``None``.
        num_classes: C.

    Returns:
        (N, C), bool.
    """
    result = boxes.new_zeros(len(boxes), num_classes, dtype=torch.bool)
    if len(ignored) > 0:
        # A patch within a large crowd region covers little of the region, so
        # the share of the patch that is covered counts as well.
        covered = bbox_overlaps(boxes, ignored.bboxes, mode='iof') >= 0.5  # (N, M)
        one_hot = F.one_hot(ignored.labels, num_classes).to(boxes.dtype)
        result = present(boxes, ignored, num_classes)
        result |= covered.to(boxes.dtype) @ one_hot > 0
    if gt_score is not None:
        result = result | (gt_score < 0)
    return result


def image_labels(gt: InstanceData, gt_score: Tensor | None, num_classes: int) -> Tensor:
    """Which labels the image has, (C,) bool: of ``gt_score`` or else of ``gt``."""
    if gt_score is not None:
        return gt_score > 0
    return F.one_hot(gt.labels, num_classes).sum(0) > 0


def object_target(matched: Tensor, num_classes: int) -> Tensor:
    """One-hot of the matched box, zeros for background.

    Args:
        matched: (N,), the label of the box each patch was matched with; C for
            background.
        num_classes: C.

    Returns:
        (N, C), bool.
    """
    return F.one_hot(matched, num_classes + 1)[:, :num_classes].bool()


def context_target(
    kind: str,
    boxes: Tensor,
    matched: Tensor,
    gt: InstanceData,
    gt_score: Tensor | None,
    num_classes: int,
) -> Tensor:
    """Which labels the context predictor should find on each context patch.

    Args:
        kind: ``inside``: those inside the context patch, see :func:`present`;
            ``matched``: as :func:`object_target`; ``image``: all of the image's.
        boxes: (N, 4), the context patches.
        matched: See :func:`object_target`.
        gt: Instances of the image, see :func:`present`.
        gt_score: (C,), the labels of the image; may be ``None``.
        num_classes: C.

    Returns:
        (N, C), bool.
    """
    if kind == 'matched':
        return object_target(matched, num_classes)
    if kind == 'image':
        return image_labels(gt, gt_score, num_classes).expand(len(boxes), -1)
    return present(boxes, gt, num_classes)


def batch_targets(
    kind: str | None,
    rois: Tensor,
    matched: Tensor,
    batch_data_samples: SampleList,
    num_classes: int,
    whole_image: bool,
) -> tuple[Tensor, Tensor]:
    """Targets and weights of a label predictor on the patches of a batch.

    Args:
        kind: That of :func:`context_target`, or ``None`` for the object branch.
        rois: (N, 5), rows of (batch index, x1, y1, x2, y2), the patches as the
            branch reads them, in the frame of the ground truth.
        matched: (N,), see :func:`object_target`.
        batch_data_samples: Ground truth of the B images.
        num_classes: C.
        whole_image: The last patch of each image is the image, whose target is the
            labels of the image.

    Returns:
        Targets (N, C), bool, and weights (N, C), 0 where the label is unknown.
    """
    target = rois.new_zeros(len(rois), num_classes, dtype=torch.bool)
    weight = rois.new_ones(len(rois), num_classes)
    for i, sample in enumerate(batch_data_samples):
        mine = rois[:, 0] == i
        boxes, labels = rois[mine, 1:], matched[mine]
        gt, gt_score = sample.gt_instances, sample.get('gt_score')
        if kind is None:
            found = object_target(labels, num_classes)
        else:
            found = context_target(kind, boxes, labels, gt, gt_score, num_classes)
        if whole_image:
            image = image_labels(gt, gt_score, num_classes)
            found = torch.cat((found[:-1], image[None]))
        ignored = sample.get('ignored_instances', InstanceData())
        doubt = unknown(boxes, ignored, gt_score, num_classes) & ~found
        target[mine] = found
        weight[mine] = (~doubt).to(weight.dtype)
    return target, weight
