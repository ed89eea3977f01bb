"""The two branches of SCANet over one set of patches."""

import math
from collections.abc import Sequence

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi, scale_boxes
from mmdet.utils import ConfigType, InstanceList, OptConfigType
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmscanet.errors import ConfigError

from .evidence import select_evidence
from .label_targets import CONTEXT_TARGETS
from .sca_losses import SCALosses


@MODELS.register_module()
class SCARoIHead(SCALosses, StandardRoIHead):
    r"""Object branch, context branch and their fusion (paper, Sec. 2.3 and 2.4).

    Forward passes and prediction are here, training is :class:`SCALosses`.

    The object branch is mmdet's own roi extractor and head (``bbox_*``); the
    context branch adds a second pair. The loss is Eq. 6,
    :math:`L = L_r + \alpha L_p + \beta L_l^O + \gamma L_l^C`, logged as
    ``loss_bbox``, ``loss_patch``, ``loss_object`` and ``loss_context``.

    Args:
        context_roi_extractor, context_head: The context branch; without them
            the model is its object branch only. A ``bbox_head`` with
            ``with_cls=False`` leaves the context branch as the only one to label.
        scene_head: Config of a :class:`MultiLabelClsHead` on the backbone's levels, the
            scene branch: it reads the image as a whole, the widest context of every
            patch. It reads padding too, so that its scores of an image differ a little
            with the size of the largest image of the batch. The paper has none.
        fusion: Config of :class:`SCAFusion`.
        share_trunk: The context head uses the object head's two layers.
        context_target: What the context predictor is trained on: ``inside``,
            ``matched`` or ``image``, see
            :func:`~mmscanet.models.roi_heads.label_targets.context_target`.
        whole_image: The image as a whole is one more patch, which both branches
            read and which is trained on the labels of the image. Beside a scene branch
            it is one in training only, see :attr:`predicts_whole_image`.
        alpha, beta, gamma: The factors of Eq. 6.
        delta: The factor of ``loss_image``, a binary cross entropy of the image
            scores pooled from the training patches. The paper has none (0). A
            fusion with parameters learns them from this loss in any case; with
            ``delta=0`` it reaches nothing else.
        epsilon: The factor of the scene branch's loss, ``loss_scene``.
        test_cfg: Those of :func:`~mmscanet.models.roi_heads.evidence.select_evidence`,
            and ``refinements``, how often the patches that count are moved by the
            location regressor and read again, by both branches, before they are
            labelled; 0 by default, as in the paper. A box that fits its object better
            is read better (iterative localisation: S. Gidaris and N. Komodakis,
            "Object Detection via a Multi-Region & Semantic Segmentation-Aware CNN
            Model", ICCV 2015, Sec. 4).
        **kwargs: Those of :class:`StandardRoIHead`.

    Raises:
        ConfigError: If ``context_target`` is not one of those named, a factor or
            ``refinements`` is below 0 or the parts do not go together; the message says
            how to mend it.
    """

    def __init__(
        self,
        bbox_roi_extractor: ConfigType,
        bbox_head: ConfigType,
        context_roi_extractor: OptConfigType = None,
        context_head: OptConfigType = None,
        scene_head: OptConfigType = None,
        fusion: OptConfigType = None,
        share_trunk: bool = False,
        context_target: str = 'inside',
        whole_image: bool = False,
        alpha: float = 1.0,
        beta: float = 1.0,
        gamma: float = 1.0,
        delta: float = 0.0,
        epsilon: float = 1.0,
        test_cfg: OptConfigType = None,
        **kwargs: object,
    ) -> None:
        super().__init__(
            bbox_roi_extractor=bbox_roi_extractor,
            bbox_head=bbox_head,
            test_cfg=test_cfg,
            **kwargs,
        )
        self.num_classes = self.bbox_head.num_classes
        self.context_target = context_target
        self.whole_image = whole_image
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self.delta, self.epsilon = delta, epsilon
        self.refinements = (test_cfg or {}).get('refinements') or 0
        self.with_context = context_head is not None
        self.share_trunk = share_trunk
        if self.with_context and context_roi_extractor is None:
            raise ConfigError('a context_head needs a context_roi_extractor')
        if self.with_context:
            self.context_roi_extractor = MODELS.build(context_roi_extractor)
            self.context_head = MODELS.build(context_head)
            if share_trunk:
                # The object head's is used instead.
                self.context_head.shared_fcs = nn.ModuleList()
        self.with_scene = scene_head is not None
        if self.with_scene:
            self.scene_head = MODELS.build(
                scene_head, default_args=dict(num_classes=self.num_classes)
            )
        self.fusion = MODELS.build(
            fusion or dict(type='SCAFusion'),
            default_args=dict(num_classes=self.num_classes),
        )
        self._check_parts()

    def _check_parts(self) -> None:
        """Raise ``ConfigError`` if the parts do not go together."""
        head = self.bbox_head
        if self.context_target not in CONTEXT_TARGETS:
            raise ConfigError(
                f'context_target must be one of {CONTEXT_TARGETS}, '
                f'not {self.context_target!r}'
            )
        for name in ('alpha', 'beta', 'gamma', 'delta', 'epsilon'):
            factor = getattr(self, name)
            if not isinstance(factor, (int, float)) or not 0 <= factor < math.inf:
                raise ConfigError(f'{name} must be a number from 0 on, not {factor!r}')
        if self.with_shared_head or self.with_mask:
            raise ConfigError(
                'leave out shared_head and mask_head: they would not be used'
            )
        if not (head.with_reg and head.with_patch):
            raise ConfigError(
                'bbox_head must find and judge patches: leave with_reg and '
                'with_patch at True'
            )
        if not (self.with_context or head.with_cls):
            raise ConfigError(
                'neither branch labels patches: set bbox_head.with_cls=True '
                'or give a context_head'
            )
        if type(self.refinements) is not int or self.refinements < 0:
            raise ConfigError(
                'test_cfg.rcnn.refinements must be a whole number from 0 on, not '
                f'{self.refinements!r}'
            )
        if self.refinements and not head.reg_class_agnostic:
            raise ConfigError(
                'test_cfg.rcnn.refinements needs one regressor for all labels: set '
                'bbox_head.reg_class_agnostic=True'
            )
        if self.with_context and self.context_head.num_classes != self.num_classes:
            raise ConfigError(
                f'bbox_head.num_classes is {self.num_classes} and '
                f'context_head.num_classes {self.context_head.num_classes}: '
                'set both to the number of labels'
            )
        if self.with_scene and self.scene_head.num_classes != self.num_classes:
            raise ConfigError(
                f'scene_head.num_classes is {self.scene_head.num_classes} and '
                f'bbox_head.num_classes {self.num_classes}: leave the former out'
            )
        learned = getattr(self.fusion, 'logit_weight', None)
        if learned is not None and not (self.with_context and head.with_cls):
            raise ConfigError("fusion.fuse='learned' needs both branches to label")
        if learned is not None and len(learned) != self.num_classes:
            raise ConfigError(
                f'fusion.num_classes is {len(learned)} and bbox_head.num_classes '
                f'{self.num_classes}: leave the former out'
            )

    def _object_forward(
        self, x: tuple[Tensor, ...], rois: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Label logits, box deltas and patch logits of ``rois``, see ``nets``."""
        extractor = self.bbox_roi_extractor
        return self.bbox_head(extractor(x[: extractor.num_inputs], rois))

    def _context_forward(
        self,
        x: tuple[Tensor, ...],
        rois: Tensor,
        img_shapes: Sequence[tuple[int, int]],
    ) -> Tensor | None:
        """Label logits (N, C) of the context patches of ``rois`` (N, 5)."""
        if not self.with_context:
            return None
        extractor = self.context_roi_extractor
        feats = extractor(x[: extractor.num_inputs], rois, img_shapes)
        if self.share_trunk:
            return self.context_head.nets(self.bbox_head.trunk(feats))[0]
        return self.context_head(feats)[0]

    def _scene_forward(self, x: tuple[Tensor, ...]) -> Tensor | None:
        """Label logits (B, C) of the images as a whole, of the levels of a Pyramid."""
        return self.scene_head(x.backbone) if self.with_scene else None

    def forward(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> tuple[Tensor | None, ...]:
        """The raw outputs on all proposals, with no selection.

        Returns:
            Object label logits (N, C), box deltas (N, 4) or (N, C * 4), patch logits
            (N,) and context label logits (N, C), N over the whole batch.
        """
        rois = bbox2roi([res.bboxes for res in rpn_results_list])
        img_shapes = [sample.img_shape for sample in batch_data_samples]
        return (
            *self._object_forward(x, rois),
            self._context_forward(x, rois, img_shapes),
        )

    @property
    def predicts_whole_image(self) -> bool:
        """Whether the image as a whole is a patch in prediction too.

        A box is to say where a label is, and this one does not. Where a scene branch
        speaks for the image as a whole, labels do not need it.
        """
        scene_speaks = self.with_scene and self.fusion.scene_weight > 0
        return self.whole_image and not scene_speaks

    @staticmethod
    def _with_whole_images(
        rois: Tensor, img_shapes: Sequence[tuple[int, int]]
    ) -> Tensor:
        """Append a roi a whole image to ``rois`` (N, 5)."""
        whole = [(i, 0, 0, w, h) for i, (h, w, *_) in enumerate(img_shapes)]
        return torch.cat((rois, rois.new_tensor(whole)))

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
            ``scores`` (N, C),
            fused, and ``object_scores``, ``context_scores`` and ``scene_scores`` (N, C)
            as far as the model has those branches, the last the same in each row; with
            a context branch also ``context_bboxes`` (N, 4), what that branch read. With
            a scene branch its score is ``scene_score`` (C,) too, also for N = 0.
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

    def _objectness(self, patch_logits: Tensor, n: int) -> Tensor:
        """Objectness (N,) of N rois; there is no doubt about whole images (from n)."""
        # In full precision, as half precision would make ties among the best.
        objectness = patch_logits.float().sigmoid()
        return torch.cat((objectness[:n], torch.ones_like(objectness[n:])))

    def _activate(
        self,
        object_logits: Tensor | None,
        context_logits: Tensor | None,
        objectness: Tensor,
        scene_logits: Tensor | None = None,
        image_index: Tensor | None = None,
    ) -> dict[str, Tensor | None]:
        """Label scores (N, C) of each branch, as :meth:`SCAFusion.fuse` takes them.

        Of the logits (N, C) of the patches and (B, C) of the scene. Objectness (N,) is
        a factor of the former's scores if the fusion says so; ``image_index`` (N,) is
        the image of each patch.
        """
        object_scores = context_scores = None
        if object_logits is not None:
            object_scores = self.bbox_head.loss_cls.get_activation(object_logits)
        if context_logits is not None:
            context_scores = self.context_head.loss_cls.get_activation(context_logits)
        if self.fusion.objectness == 'multiply':
            factor = objectness[:, None]
            object_scores = None if object_scores is None else object_scores * factor
            context_scores = None if context_scores is None else context_scores * factor
        scene_scores = None
        if scene_logits is not None:
            scene_scores = scene_logits.float().sigmoid()[image_index]
        return dict(
            object_scores=object_scores,
            context_scores=context_scores,
            scene_scores=scene_scores,
        )

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
