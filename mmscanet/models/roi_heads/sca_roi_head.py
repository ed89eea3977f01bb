"""The two branches of SCANet over one set of patches."""

import math
from collections.abc import Sequence

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import ConfigType, InstanceList, OptConfigType
from torch import Tensor, nn

from mmscanet.errors import ConfigError

from .label_targets import CONTEXT_TARGETS
from .sca_losses import SCALosses
from .sca_prediction import SCAPrediction


@MODELS.register_module()
class SCARoIHead(SCALosses, SCAPrediction, StandardRoIHead):
    r"""Object branch, context branch and their fusion (paper, Sec. 2.3 and 2.4).

    Forward passes are here, training is :class:`SCALosses`, and prediction
    :class:`SCAPrediction`.

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

    @staticmethod
    def _with_whole_images(
        rois: Tensor, img_shapes: Sequence[tuple[int, int]]
    ) -> Tensor:
        """Append a roi a whole image to ``rois`` (N, 5)."""
        whole = [(i, 0, 0, w, h) for i, (h, w, *_) in enumerate(img_shapes)]
        return torch.cat((rois, rois.new_tensor(whole)))

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
