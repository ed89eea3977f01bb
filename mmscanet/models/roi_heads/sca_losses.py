"""How the RoI head of SCANet is trained: Eq. 6 on sampled patches."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import DetDataSample, SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor
from torch.nn import functional as F

from .label_targets import batch_targets, image_labels


class SCALosses:
    """The training half of :class:`SCARoIHead`, which has the parts it uses."""

    def loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict[str, Tensor]:
        """The losses of Eq. 6 on sampled patches.

        Args:
            x: Pyramid levels of (B, D, H_l, W_l).
            rpn_results_list: Proposals of each image; ``bboxes`` (n, 4) in
                pixels of the network input.
            batch_data_samples: Ground truth. ``gt_score`` (C,) is used if there.

        Returns:
            Scalars by name; finite also without boxes or proposals.
        """
        samples = [
            self._sample(proposals, data_sample)
            for proposals, data_sample in zip(
                rpn_results_list, batch_data_samples, strict=True
            )
        ]
        img_shapes = [sample.img_shape for sample in batch_data_samples]
        rois = patches = bbox2roi([sample.priors for sample in samples])
        if self.whole_image:
            rois = self._with_whole_images(patches, img_shapes)
        object_logits, bbox_pred, patch_logits = self._object_forward(x, rois)
        context_logits = self._context_forward(x, rois, img_shapes)
        scene_logits = self._scene_forward(x)

        targets = self.bbox_head.get_targets(samples, self.train_cfg)

        losses = self._patch_losses(patches, bbox_pred, patch_logits, targets)
        losses.update(
            self._label_losses(
                rois, object_logits, context_logits, targets[0], batch_data_samples
            )
        )
        if scene_logits is not None:
            losses['loss_scene'] = self.epsilon * self.scene_head.label_loss(
                scene_logits, batch_data_samples
            )
        learns = next(self.fusion.parameters(), None) is not None
        if self.delta or learns:
            objectness = self._objectness(patch_logits, len(patches))
            scores = self._activate(object_logits, context_logits, objectness)
            scene_scores = None
            if scene_logits is not None:
                scene_scores = scene_logits.float().sigmoid()
            # Pooled as in prediction.
            n = len(rois) if self.predicts_whole_image else len(patches)
            losses['loss_image'] = self._image_loss(
                {k: v if v is None else v[:n] for k, v in scores.items()},
                rois[:n, 0],
                batch_data_samples,
                scene_scores,
            )
        return losses

    def _sample(
        self, proposals: InstanceData, data_sample: DetDataSample
    ) -> SamplingResult:
        """Assign the proposals of one image to its boxes and draw some.

        What ignored boxes mean is the assigner's to say.
        """
        gt, ignored, _ = unpack_gt_instances([data_sample])
        # The assigner knows boxes by this name.
        priors = InstanceData(priors=proposals.bboxes)
        assigned = self.bbox_assigner.assign(priors, gt[0], ignored[0])
        return self.bbox_sampler.sample(assigned, priors, gt[0])

    def _patch_losses(
        self,
        patches: Tensor,
        bbox_pred: Tensor,
        patch_logits: Tensor,
        targets: tuple[Tensor, ...],
    ) -> dict[str, Tensor]:
        """Regressor and patch classifier; whole images have no part in them."""
        n = len(patches)
        losses = self.bbox_head.loss(None, bbox_pred[:n], patches, *targets)
        losses['loss_patch'] = self.alpha * self.bbox_head.patch_loss(
            patch_logits[:n], targets[0] < self.num_classes
        )
        return losses

    def _label_losses(
        self,
        rois: Tensor,
        object_logits: Tensor | None,
        context_logits: Tensor | None,
        matched: Tensor,
        batch_data_samples: SampleList,
    ) -> dict[str, Tensor]:
        """The label predictors of both branches, each on its own target."""
        # A whole image has no matched box; it gets the labels of the image below.
        matched = F.pad(matched, (0, len(rois) - len(matched)), value=self.num_classes)
        common = (batch_data_samples, self.num_classes, self.whole_image)
        losses = {}
        if object_logits is not None:
            target, weight = batch_targets(None, rois, matched, *common)
            losses['loss_object'] = self.beta * self.bbox_head.loss_cls(
                object_logits, target, weight
            )
        if context_logits is not None:
            img_shapes = [sample.img_shape for sample in batch_data_samples]
            wide = self.context_roi_extractor.expand(rois, img_shapes)
            target, weight = batch_targets(self.context_target, wide, matched, *common)
            losses['loss_context'] = self.gamma * self.context_head.loss_cls(
                context_logits, target, weight
            )
        return losses

    def _image_loss(
        self,
        scores: dict[str, Tensor | None],
        image_index: Tensor,
        batch_data_samples: SampleList,
        scene_scores: Tensor | None = None,
    ) -> Tensor:
        """Binary cross entropy of the image scores, summed over labels.

        Of the branches' scores (N, C) of patches, ``image_index`` (N,) their image, and
        of those (B, C) of the scenes, which an image without patches has too.
        """
        scores = {name: each for name, each in scores.items() if each is not None}
        if not self.delta:
            scores = {name: each.detach() for name, each in scores.items()}
            scene_scores = None if scene_scores is None else scene_scores.detach()
        loss = 0.0
        for i, sample in enumerate(batch_data_samples):
            gt_score = sample.get('gt_score')
            target = image_labels(sample.gt_instances, gt_score, self.num_classes)
            mine = {name: each[image_index == i] for name, each in scores.items()}
            if scene_scores is not None:
                mine['scene_scores'] = scene_scores[i : i + 1]
            # Written out, since autocast refuses F.binary_cross_entropy.
            pooled = self.fusion.image_scores(**mine)['score'].clamp(1e-6, 1 - 1e-6)
            each = -torch.where(target, pooled, 1 - pooled).log()
            scored = torch.ones_like(each) if gt_score is None else gt_score >= 0
            loss = loss + (each * scored).sum()
        return (self.delta or 1.0) * loss / len(batch_data_samples)
