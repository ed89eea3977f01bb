"""Which patches match a box, which are background and which are neither."""

from mmdet.models.task_modules.assigners import AssignResult, MaxIoUAssigner
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData


@TASK_UTILS.register_module()
class DoubtfulBoxAssigner(MaxIoUAssigner):
    """``MaxIoUAssigner`` for which ignored boxes leave a patch in doubt, no more.

    A patch of which more than ``ignore_iof_thr`` lies in an ignored box, a crowd or a
    difficult object, is not drawn as background. The parent would not let it match
    another box either, as a person's on a difficult sofa, and does not look at ignored
    boxes at all in an image without others.

    Args:
        **kwargs: The parent's. Without a positive ``ignore_iof_thr`` ignored boxes are
            background; ``ignore_wrt_candidates`` has no say.
    """

    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs: object,
    ) -> AssignResult:
        """Assign the patches of one image to its boxes.

        Args:
            pred_instances: The patches, ``priors`` (n, 4).
            gt_instances: ``bboxes`` (k, 4) and ``labels`` (k,).
            gt_instances_ignore: Ignored boxes, ``bboxes`` (m, 4).
            **kwargs: Not used, as in the parent.

        Returns:
            ``gt_inds`` (n,): 1 to k for a box, 0 for background, -1 for neither.
        """
        assigned = super().assign(pred_instances, gt_instances, None, **kwargs)
        if self.ignore_iof_thr > 0 and gt_instances_ignore is not None:
            covered = self.iou_calculator(
                pred_instances.priors, gt_instances_ignore.bboxes, mode='iof'
            )
            doubtful = (covered > self.ignore_iof_thr).any(1)
            assigned.gt_inds[doubtful & (assigned.gt_inds == 0)] = -1
        return assigned
