"""How the RoI head of SCANet predicts: scores of patches, and boxes to show."""

from collections.abc import Sequence

import torch
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi, scale_boxes
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from .evidence import select_evidence


class SCAPrediction:
    """The predicting half of :class:`SCARoIHead`, which has the parts it uses."""

    @property
    def predicts_whole_image(self) -> bool:
        """Whether the image as a whole is a patch in prediction too.

        A box is to say where a label is, and this one does not. Where a scene branch
        speaks for the image as a whole, labels do not need it.
        """
        scene_speaks = self.with_scene and self.fusion.scene_weight > 0
        return self.whole_image and not scene_speaks

    def score_patches(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> InstanceList:
        """Score the patches that count.

        Returns:
            For each image ``bboxes`` (N, 4), the refined boxes in pixels of the
            network input, ``objectness`` (N,) of the proposals, 1 for a whole image,
            ``scores`` (N, C), fused, and ``object_scores``, ``context_scores`` and
            ``scene_scores`` (N, C) as far as the model has those branches, the last the
            same in each row; with a context branch also ``context_bboxes`` (N, 4), what
            that branch read. With a scene branch its score is ``scene_score`` (C,) too,
            also for N = 0.
        """
        img_shapes = [sample.img_shape for sample in batch_data_samples]
        counts = [len(res.bboxes) for res in rpn_results_list]
        rois = bbox2roi([res.bboxes for res in rpn_results_list])
        n = len(rois)
        if self.predicts_whole_image:
            rois = self._with_whole_images(rois, img_shapes)
        object_logits, deltas, patch_logits = self._object_forward(x, rois)
        objectness = self._objectness(patch_logits, n)
        chosen = self._choose(objectness[:n].split(counts), n, len(rois))

        rois, is_proposal = rois[chosen], chosen < n
        object_logits = None if object_logits is None else object_logits[chosen]
        deltas = deltas[chosen]
        for _ in range(self.refinements):
            boxes = self._move(rois, deltas, is_proposal, img_shapes)
            rois = torch.cat((rois[:, :1], boxes), dim=1)
            object_logits, deltas, _ = self._object_forward(x, rois)
        context_logits = self._context_forward(x, rois, img_shapes)
        scene_logits = self._scene_forward(x)
        scores = self._activate(
            object_logits,
            context_logits,
            objectness[chosen],
            scene_logits,
            rois[:, 0].long(),
        )
        fused = self.fusion.fuse(**scores)
        patches = dict(
            bboxes=self._move(rois, deltas, is_proposal, img_shapes, fused.argmax(1)),
            objectness=objectness[chosen],
            scores=fused,
            **scores,
        )
        if self.with_context:
            wide = self.context_roi_extractor.expand(rois, img_shapes)
            patches['context_bboxes'] = wide[:, 1:]
        found = _by_image(patches, rois[:, 0], len(img_shapes))
        if scene_logits is not None:
            for each, logits in zip(found, scene_logits, strict=True):
                each.set_metainfo(dict(scene_score=logits.float().sigmoid()))
        return found

    def _choose(self, objectness: Sequence[Tensor], n: int, total: int) -> Tensor:
        """Indices of the rois that count, whole images (n to total) included."""
        start, chosen = 0, []
        for scores in objectness:
            chosen.append(start + self.fusion.select(scores))
            start += len(scores)
        chosen.append(torch.arange(n, total, device=chosen[0].device))
        return torch.cat(chosen)

    def _move(
        self,
        rois: Tensor,
        deltas: Tensor,
        is_proposal: Tensor,
        img_shapes: Sequence[tuple[int, int]],
        likeliest: Tensor | None = None,
    ) -> Tensor:
        """Boxes (N, 4) inside their image; whole images stay as they are.

        A patch has one box whatever its labels; with a regressor a label, it is what
        that of the ``likeliest`` (N,) says.
        """
        boxes = rois[:, 1:].clone()
        if likeliest is None:
            likeliest = rois.new_zeros(len(rois), dtype=torch.long)
        for i, img_shape in enumerate(img_shapes):
            mine = (rois[:, 0] == i) & is_proposal
            boxes[mine] = self.bbox_head.regress_by_class(
                boxes[mine],
                likeliest[mine],
                deltas[mine],
                dict(img_shape=img_shape[:2]),
            )
        return boxes

    def evidence(
        self, patches: InstanceData, img_meta: dict, rescale: bool = True
    ) -> InstanceData:
        """The boxes to show for the labels of an image, by ``test_cfg``.

        Args:
            patches: Of one image, from :meth:`score_patches`.
            img_meta: With ``scale_factor`` (w, h) if ``rescale``.
            rescale: Give boxes in pixels of the original image rather than of
                the network input.

        Returns:
            See :func:`~mmscanet.models.roi_heads.evidence.select_evidence`.
        """
        result = select_evidence(patches, self.test_cfg)
        if rescale and len(result) > 0:
            factor = [1 / s for s in img_meta['scale_factor']]
            for name in ('bboxes', 'context_bboxes'):
                if name in result:
                    result.set_field(scale_boxes(result[name], factor), name)
        return result

    def predict(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
        rescale: bool = False,
    ) -> InstanceList:
        """The evidence of each image, without the labels of the image."""
        patches_list = self.score_patches(x, rpn_results_list, batch_data_samples)
        return [
            self.evidence(patches, sample.metainfo, rescale)
            for patches, sample in zip(patches_list, batch_data_samples, strict=True)
        ]


def _by_image(
    patches: dict[str, Tensor | None], index: Tensor, batch_size: int
) -> InstanceList:
    """Part the patches of a batch by their image's ``index`` (N,)."""
    return [
        InstanceData(**{k: v[index == i] for k, v in patches.items() if v is not None})
        for i in range(batch_size)
    ]
