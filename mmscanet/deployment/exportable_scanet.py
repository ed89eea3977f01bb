"""SCANet's prediction for a whole batch at once, in arrays of fixed size."""

import torch
import torch.nn.functional as F
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.models.task_modules.coders.delta_xywh_bbox_coder import delta2bbox
from torch import Tensor, nn
from torchvision.ops import roi_align

from mmscanet.models.detectors import Pyramid, SCANet
from mmscanet.models.roi_heads.sca_fusion import PATCH_SCORES

from .batched_evidence import batched_evidence
from .operators import grouped_nms_mask, take


class ExportableSCANet(nn.Module):
    """Predict with the parts of a SCANet, in operators that ONNX has.

    The arithmetic is that of :meth:`SCANet.predict`, step by step, without what a
    graph cannot have: loops over the images and lists of varying length. Where an
    image has fewer proposals, patches or boxes than there are places for, the rest of
    the places is not *filled*.

    Letters: B images, C labels, P places for proposals, K for patches, M for boxes.

    Args:
        model: On the CPU and in evaluation mode;
            :func:`~mmscanet.deployment.check_exportable` says what it may consist of.
        shape: (H, W), pixels of the images.
        with_boxes: Give the evidence too.
    """

    def __init__(
        self, model: SCANet, shape: tuple[int, int], with_boxes: bool = True
    ) -> None:
        super().__init__()
        self.model = model
        self.shape = shape
        self.with_boxes = with_boxes
        with torch.no_grad():
            images = torch.zeros(1, 3, *shape, dtype=torch.uint8)
            levels, _ = model.rpn_head(self._features(images))
        anchors = model.rpn_head.prior_generator.grid_priors(
            [level.shape[-2:] for level in levels], device='cpu'
        )
        for i, level in enumerate(anchors):
            self.register_buffer(f'anchors{i}', level)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Predict.

        Args:
            images: (B, 3, H, W), uint8, RGB.

        Returns:
            ``scores`` (B, C), of the labels, and ``object_scores``, ``context_scores``
            and ``scene_scores`` (B, C), of each branch alone, as far as the model has
            it. With boxes also what
            :func:`~mmscanet.deployment.batched_evidence.batched_evidence` gives, in
            pixels of ``images``.
        """
        x = self._features(images)
        patches, filled = self._score_patches(x, *self._propose(x))
        by_patch = {
            name: patches[name].transpose(0, 1)
            for name in PATCH_SCORES
            if name in patches
        }
        of_images = self.model.roi_head.fusion.image_scores(**by_patch)
        result = {f'{name}s': scores for name, scores in of_images.items()}
        if self.with_boxes:
            cfg = self.model.roi_head.test_cfg
            result.update(batched_evidence(patches, filled, cfg))
        return result

    def _features(self, images: Tensor) -> Pyramid:
        """Pyramid levels (B, D, H_l, W_l), after the work of the data preprocessor."""
        preprocessor = self.model.data_preprocessor
        x = images.float()
        if not preprocessor._channel_conversion:
            x = x.flip(1)  # mmdet loads BGR and converts it for models that want RGB
        if preprocessor._enable_normalize:
            x = (x - preprocessor.mean) / preprocessor.std
        below, beside = (-side % preprocessor.pad_size_divisor for side in self.shape)
        x = F.pad(x, (0, beside, 0, below), value=preprocessor.pad_value)
        # SCANet's own chooses a memory format, which a graph does not have.
        feats = self.model.backbone(x)
        return Pyramid(self.model.neck(feats), backbone=feats)

    def _propose(self, x: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """The RPN's boxes (B, P, 4) by falling score; which are filled (B, P)."""
        rpn, cfg = self.model.rpn_head, self.model.rpn_head.test_cfg
        nms_pre = cfg.get('nms_pre', -1)
        boxes, scores, groups = [], [], []
        for i, (logits, deltas) in enumerate(zip(*rpn(x), strict=True)):
            level_scores = logits.permute(0, 2, 3, 1).flatten(1).sigmoid()
            deltas = deltas.permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, 4))
            anchors = self.get_buffer(f'anchors{i}').expand_as(deltas)
            if 0 < nms_pre < level_scores.shape[1]:
                level_scores, best = level_scores.topk(nms_pre)
                deltas, anchors = take(deltas, best), take(anchors, best)
            boxes.append(self._decode(rpn.bbox_coder, anchors, deltas))
            scores.append(level_scores)
            groups.append(torch.full((level_scores.shape[1],), i))
        boxes, scores = torch.cat(boxes, 1), torch.cat(scores, 1)
        sides = boxes[..., 2:] - boxes[..., :2]
        large = (sides > cfg.get('min_bbox_size', -1)).all(-1)
        num = min(cfg.max_per_img, scores.shape[1])
        kept = grouped_nms_mask(
            boxes, scores, torch.cat(groups), large, cfg.nms.iou_threshold, num
        )
        scores, best = torch.where(kept, scores, -1).topk(num)
        return take(boxes, best), scores >= 0

    def _decode(
        self, coder: DeltaXYWHBBoxCoder, boxes: Tensor, deltas: Tensor
    ) -> Tensor:
        """Move boxes (B, N, 4) by deltas (B, N, 4), within the image."""
        decoded = delta2bbox(
            boxes.reshape(-1, 4),
            deltas.reshape(-1, 4),
            coder.means,
            coder.stds,
            add_ctr_clamp=coder.add_ctr_clamp,
            ctr_clamp=coder.ctr_clamp,
        ).reshape(deltas.shape)
        if not coder.clip_border:
            return decoded
        return decoded.clamp(min=0).minimum(self._whole_image(boxes)[..., [2, 3, 2, 3]])

    def _whole_image(self, boxes: Tensor) -> Tensor:
        """The image as a box, (1, 1, 4)."""
        height, width = self.shape
        return boxes.new_tensor([[[0, 0, width, height]]])

    def _score_patches(
        self, x: tuple[Tensor, ...], proposals: Tensor, filled: Tensor
    ) -> tuple[dict[str, Tensor], Tensor]:
        """:meth:`SCARoIHead.score_patches` for a batch.

        Args:
            x: Levels of (B, D, H_l, W_l).
            proposals: (B, P, 4).
            filled: (B, P).

        Returns:
            ``boxes`` (B, K, 4), ``scores`` (B, K, C) and, as far as the model has
            them, ``object_scores``, ``context_scores``, ``scene_scores`` and
            ``context_boxes``; which are filled (B, K).
        """
        head = self.model.roi_head
        rois, boxes, object_logits, objectness = self._object_branch(
            x, proposals, filled
        )
        patches, context_logits = dict(boxes=boxes), None
        if head.with_context:
            wide = self._widen(rois)
            feats = self._extract(head.context_roi_extractor, x, wide)
            trunk = head.bbox_head if head.share_trunk else head.context_head
            context_logits = head.context_head.nets(trunk.trunk(feats))[0]
            patches['context_boxes'] = wide
        image = torch.arange(rois.shape[0])[:, None].expand_as(objectness)
        branches = head._activate(
            object_logits,
            context_logits,
            objectness.flatten(),
            head._scene_forward(x),
            image.flatten(),
        )
        scores = dict(scores=head.fusion.fuse(**branches), **branches)
        filled = objectness >= 0
        for name, value in scores.items():
            if value is not None:
                value = value.unflatten(0, filled.shape)
                if name != 'scene_scores':  # there without any patch
                    # No way of pooling notices a score of 0.
                    value = torch.where(filled[..., None], value, 0)
                patches[name] = value
        return patches, filled

    def _object_branch(
        self, x: tuple[Tensor, ...], proposals: Tensor, filled: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
        """Choose the patches that count; whole images come last, where they count.

        Returns:
            The patches that are read and what they are refined to, (B, K, 4); their
            label logits (B * K, C); objectness (B, K), -1 where a place is not filled.
        """
        head = self.model.roi_head
        rois = proposals
        if head.predicts_whole_image:
            whole = self._whole_image(rois).expand_as(rois[:, :1])
            rois = torch.cat((rois, whole), dim=1)
        logits, deltas, patch_logits = self._read(x, rois)
        places = proposals.shape[1]
        objectness = patch_logits[:, :places, 0].float().sigmoid()
        objectness, chosen = torch.where(filled, objectness, -1).topk(
            min(head.fusion.num_patches, places)
        )
        if head.predicts_whole_image:
            chosen = F.pad(chosen, (0, 1), value=places)
            objectness = F.pad(objectness, (0, 1), value=1.0)
        rois, deltas = take(rois, chosen), take(deltas, chosen)
        logits = None if logits is None else take(logits, chosen)
        for _ in range(head.refinements):
            rois = self._move(rois, deltas)
            logits, deltas, _ = self._read(x, rois)
        if logits is not None:
            logits = logits.flatten(0, 1)
        return rois, self._move(rois, deltas), logits, objectness

    def _read(
        self, x: tuple[Tensor, ...], boxes: Tensor
    ) -> tuple[Tensor | None, Tensor, Tensor]:
        """The object branch's outputs (B, N, ...) on boxes (B, N, 4)."""
        head = self.model.roi_head
        logits, deltas, patch_logits = (
            None if output is None else output.reshape(*boxes.shape[:2], -1)
            for output in head.bbox_head(
                self._extract(head.bbox_roi_extractor, x, boxes)
            )
        )
        return logits, deltas, patch_logits

    def _move(self, boxes: Tensor, deltas: Tensor) -> Tensor:
        """Refine boxes (B, N, 4) by deltas (B, N, 4), but no whole image, the last."""
        head = self.model.roi_head
        moved = self._decode(head.bbox_head.bbox_coder, boxes, deltas)
        if not head.predicts_whole_image:
            return moved
        return torch.cat((moved[:, :-1], boxes[:, -1:]), dim=1)

    def _widen(self, boxes: Tensor) -> Tensor:
        """The context patches (B, N, 4) of boxes (B, N, 4)."""
        # All images have the same size, so that all may be the first.
        rois = F.pad(boxes.flatten(0, 1), (1, 0))
        wide = self.model.roi_head.context_roi_extractor.expand(rois, [self.shape])
        return wide[:, 1:].reshape(boxes.shape)

    def _extract(
        self, extractor: SingleRoIExtractor, x: tuple[Tensor, ...], boxes: Tensor
    ) -> Tensor:
        """Features (B * N, D, h, w) of boxes (B, N, 4), each from its own level.

        torchvision's RoIAlign gives what mmcv's does and is an operator of ONNX.
        """
        image = torch.arange(boxes.shape[0]).to(boxes)[:, None, None]
        rois = torch.cat((image.expand_as(boxes[..., :1]), boxes), dim=2).flatten(0, 1)
        levels = extractor.map_roi_levels(rois, extractor.num_inputs)
        size = extractor.roi_layers[0].output_size
        feats = x[0].new_zeros(rois.shape[0], x[0].shape[1], *size)
        for i, layer in enumerate(extractor.roi_layers):
            mine = (levels == i).nonzero().squeeze(1)
            feats[mine] = roi_align(
                x[i],
                rois[mine],
                size,
                layer.spatial_scale,
                layer.sampling_ratio,
                layer.aligned,
            )
        return feats
