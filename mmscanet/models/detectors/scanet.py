"""SCANet: image labels, each with the box it was read from."""

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from mmscanet.models.roi_heads.sca_fusion import scores_of

from .channels_last import ChannelsLastMixin, lay_out_for_rois
from .mixed_precision import MixedPrecisionMixin, in_full_precision
from .pyramid import Pyramid


@MODELS.register_module()
class SCANet(MixedPrecisionMixin, ChannelsLastMixin, TwoStageDetector):
    """Spatial-context-aware network for multi-label image classification.

    J. Zhang et al., "Spatial-Context-Aware Deep Neural Network for Multi-Class
    Image Classification", ICASSP 2022. Backbone and neck are Eq. 1, the RPN
    generates the object patches, :class:`SCARoIHead` does the rest. Training is
    a two-stage detector's; prediction adds the labels of the image.

    Args:
        **kwargs: Those of :class:`TwoStageDetector` and ``channels_last``, see
            :class:`ChannelsLastMixin`.
    """

    def extract_feat(self, batch_inputs: Tensor) -> Pyramid:
        """Pyramid levels of (B, D, H_l, W_l), the X of Eq. 1, and the backbone's."""
        feats = self.backbone(self.arrange(batch_inputs))
        levels = lay_out_for_rois(in_full_precision(self.neck(feats)))
        return Pyramid(levels, backbone=feats)

    def predict(
        self,
        batch_inputs: Tensor,
        batch_data_samples: SampleList,
        rescale: bool = True,
    ) -> SampleList:
        """Predict labels with their evidence.

        Args:
            batch_inputs: (B, 3, H, W), normalised.
            batch_data_samples: One an image, with its meta information.
            rescale: Give boxes in pixels of the original image.

        Returns:
            The samples, each with ``pred_score`` (C,) in [0, 1];
            ``pred_object_score``, ``pred_context_score`` and ``pred_scene_score``
            (C,), of each branch alone, as far as the model has it;
            ``pred_instances``, see :meth:`SCARoIHead.evidence`.
        """
        patches_list = self.score_patches(batch_inputs, batch_data_samples)
        results_list = []
        for sample, patches in zip(batch_data_samples, patches_list, strict=True):
            for name, scores in self._image_scores(patches).items():
                sample.set_field(scores, f'pred_{name}')
            results_list.append(
                self.roi_head.evidence(patches, sample.metainfo, rescale)
            )
        return self.add_pred_to_datasample(batch_data_samples, results_list)

    def predict_labels(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> Tensor:
        """Predict the labels only: ``pred_score`` of :meth:`predict`, as (B, C)."""
        patches_list = self.score_patches(batch_inputs, batch_data_samples)
        return torch.stack(
            [self._image_scores(patches)['score'] for patches in patches_list]
        )

    def _image_scores(self, patches: InstanceData) -> dict[str, Tensor]:
        """See :meth:`SCAFusion.image_scores`."""
        return self.roi_head.fusion.image_scores(**scores_of(patches))

    def score_patches(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> InstanceList:
        """The patches that count, see :meth:`SCARoIHead.score_patches`.

        The proposals are those of the samples, where they have any, or the RPN's.
        """
        x = self.extract_feat(batch_inputs)
        if 'proposals' in batch_data_samples[0]:
            proposals = [sample.proposals for sample in batch_data_samples]
        else:
            proposals = self.rpn_head.predict(x, batch_data_samples, rescale=False)
        return self.roi_head.score_patches(x, proposals, batch_data_samples)
