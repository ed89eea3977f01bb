"""Which boxes to show for the labels of an image."""

from mmcv.ops import batched_nms
from mmdet.utils import ConfigType
from mmengine.structures import InstanceData
from torch import Tensor

from .sca_fusion import PATCH_SCORES


def select_evidence(patches: InstanceData, cfg: ConfigType) -> InstanceData:
    """Choose the boxes that show where each label was read from.

    A box is a patch with one of its labels. Non-maximum suppression works label by
    label, and the cut to ``max_per_img`` spares the best box of each label, so that
    an image score pooled by ``max`` is always that of a box.

    Args:
        patches: Of one image: ``bboxes`` (N, 4), ``scores`` (N, C) and, as far as
            the model has them, ``object_scores``, ``context_scores`` and
            ``scene_scores`` (N, C) and ``context_bboxes`` (N, 4), the patches that the
            context branch read.
        cfg: ``score_thr``, which a score must exceed; ``nms``, mmcv's config, or
            ``None`` to suppress nothing; ``max_per_img``, or -1.

    Returns:
        ``bboxes`` and ``context_bboxes`` (n, 4) in the frame of ``patches``,
        ``labels`` (n,), ``scores`` and those of the branches (n,), by falling score.
    """
    patch, label = (patches.scores > cfg.score_thr).nonzero(as_tuple=True)
    evidence = InstanceData(
        bboxes=patches.bboxes[patch],
        labels=label,
        scores=patches.scores[patch, label],
    )
    for name in PATCH_SCORES:
        if name in patches:
            evidence.set_field(patches[name][patch, label], name)
    if 'context_bboxes' in patches:
        evidence.context_bboxes = patches.context_bboxes[patch]
    return suppress(evidence, cfg)


def suppress(evidence: InstanceData, cfg: ConfigType) -> InstanceData:
    """Leave out boxes of which a better one of the same label is near.

    Args:
        evidence: As :func:`select_evidence` returns it, in any order.
        cfg: ``nms`` and ``max_per_img``, see there.

    Returns:
        What is left, by falling score.
    """
    if len(evidence) == 0:
        return evidence
    _, keep = batched_nms(evidence.bboxes, evidence.scores, evidence.labels, cfg.nms)
    return evidence[cut_sparing_best(keep, evidence.labels, cfg.max_per_img)]


def cut_sparing_best(keep: Tensor, labels: Tensor, max_num: int) -> Tensor:
    """Cut ``keep`` (n,), indices by falling score, but no label's first."""
    if max_num < 0 or len(keep) <= max_num:
        return keep
    seen: set[int] = set()
    first, rest = [], []
    for position, label in enumerate(labels[keep].tolist()):
        (rest if label in seen else first).append(position)
        seen.add(label)
    kept = sorted(first + rest[: max(max_num - len(first), 0)])
    return keep[kept]
