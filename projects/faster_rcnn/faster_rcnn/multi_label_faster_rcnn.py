"""Faster R-CNN whose boxes give the labels of the image."""

import torch
from mmdet.models.detectors import FasterRCNN
from mmdet.models.layers import multiclass_nms
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from mmscanet.models import ChannelsLastMixin, MixedPrecisionMixin


@MODELS.register_module()
class MultiLabelFasterRCNN(MixedPrecisionMixin, ChannelsLastMixin, FasterRCNN):
    """mmdet's Faster R-CNN; the score of a label is that of its best box.

    Training is mmdet's. In prediction the best box is found among all refined
    proposals, before the score threshold, non-maximum suppression and the cut to
    ``max_per_img`` boxes, none of which is to decide about a label.
    """

    def predict(
        self,
        batch_inputs: Tensor,
        batch_data_samples: SampleList,
        rescale: bool = True,
    ) -> SampleList:
        """Predict labels and boxes.

        Args:
            batch_inputs: (B, 3, H, W), normalised.
            batch_data_samples: One an image, with its meta information.
            rescale: Give boxes in pixels of the original image.

        Returns:
            The samples, each with ``pred_score`` (C,) in [0, 1] and mmdet's
            ``pred_instances``: ``bboxes`` (n, 4), ``scores`` and ``labels`` (n,).
        """
        cfg = self.roi_head.test_cfg
        results_list = []
        for sample, boxes in zip(
            batch_data_samples,
            self._score_boxes(batch_inputs, batch_data_samples, rescale),
            strict=True,
        ):
            sample.pred_score = best_scores(boxes.scores)
            kept, labels = multiclass_nms(
                boxes.bboxes, boxes.scores, cfg.score_thr, cfg.nms, cfg.max_per_img
            )
            results_list.append(
                InstanceData(bboxes=kept[:, :4], scores=kept[:, 4], labels=labels)
            )
        return self.add_pred_to_datasample(batch_data_samples, results_list)

    def predict_labels(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> Tensor:
        """Predict the labels only: ``pred_score`` of :meth:`predict`, as (B, C)."""
        scored = self._score_boxes(batch_inputs, batch_data_samples, rescale=False)
        return torch.stack([best_scores(boxes.scores) for boxes in scored])

    def _score_boxes(
        self, batch_inputs: Tensor, batch_data_samples: SampleList, rescale: bool
    ) -> InstanceList:
        """All refined proposals of each image, ``scores`` (N, C + 1), uncut."""
        x = self.extract_feat(batch_inputs)
        proposals = self.rpn_head.predict(x, batch_data_samples, rescale=False)
        return self.roi_head.predict_bbox(
            x,
            [sample.metainfo for sample in batch_data_samples],
            proposals,
            rcnn_test_cfg=None,  # mmdet's way of asking for all of them
            rescale=rescale,
        )


def best_scores(scores: Tensor) -> Tensor:
    """The best of box scores (N, C + 1), background last, as (C,); 0 for N = 0."""
    labels = scores[:, :-1]
    return labels.amax(0) if len(labels) else labels.sum(0)
