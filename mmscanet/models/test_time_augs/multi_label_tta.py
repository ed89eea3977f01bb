"""Labels and evidence of several views of an image."""

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, SampleList
from mmdet.structures.bbox import bbox_flip
from mmdet.utils import OptConfigType
from mmengine.model import BaseTTAModel
from mmengine.structures import InstanceData
from torch import nn

from mmscanet.models.roi_heads.evidence import suppress
from mmscanet.models.roi_heads.sca_fusion import BRANCHES

SCORES = ('pred_score', *(f'pred_{branch}_score' for branch in BRANCHES))


@MODELS.register_module()
class MultiLabelTTAModel(BaseTTAModel):
    """A model that predicts each image from several views of it.

    Image scores, and those of the branches, are the means of the views'. Evidence is
    that of all views together, each box with the scores of its own view, after one more
    non-maximum suppression; so an image score is no longer that of its best box.

    Args:
        module: A :class:`SCANet` or :class:`MultiLabelClassifier`, or its config.
        tta_cfg: ``nms`` and ``max_per_img`` of the merged evidence, as in
            :func:`~mmscanet.models.roi_heads.evidence.select_evidence`; not needed by a
            model that finds no boxes.
        **kwargs: Those of mmengine's ``BaseTTAModel``.
    """

    def __init__(
        self,
        module: dict | nn.Module,
        tta_cfg: OptConfigType = None,
        **kwargs: object,
    ) -> None:
        super().__init__(module=module, **kwargs)
        self.tta_cfg = tta_cfg

    def merge_preds(self, data_samples_list: list[SampleList]) -> SampleList:
        """Merge the views of each image.

        Args:
            data_samples_list: For each image its views, as the model has predicted
                them: boxes in pixels of the original image, mirrored as the view is
                if it is (``flip`` and ``flip_direction``, which the pipeline must
                pack).

        Returns:
            The first view of each image, with the predictions of all.
        """
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: SampleList) -> DetDataSample:
        merged = views[0]
        for name in SCORES:
            if name in merged:
                scores = torch.stack([view.get(name) for view in views]).mean(0)
                merged.set_field(scores, name)
        if 'pred_instances' in merged:
            evidence = InstanceData.cat([_mirrored_back(view) for view in views])
            merged.pred_instances = suppress(evidence, self.tta_cfg)
        return merged


def _mirrored_back(view: DetDataSample) -> InstanceData:
    """The evidence of a view, with boxes in the frame of the original image."""
    evidence = view.pred_instances
    if view.get('flip'):
        for name in ('bboxes', 'context_bboxes'):
            if name in evidence:
                boxes = bbox_flip(evidence[name], view.ori_shape, view.flip_direction)
                evidence.set_field(boxes, name)
    return evidence
