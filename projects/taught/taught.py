"""The last stage of SCANet+ with two teachers, as it was tried.

The teachers see each training image as it was cut and coloured, resized to 416 x 416.
Their scores join as logits: half that of the patches of SCANet+, a quarter each that of
its scene and DELTA's. The scene branch, and the pooled image score beside it, learn the
mean of the labels and of these scores.
"""

import copy

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, SampleList
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from torch import Tensor

from mmscanet.models.detectors import SCANet
from mmscanet.models.roi_heads.sca_roi_head import SCARoIHead

SHAPE = (416, 416)


@MODELS.register_module()
class TaughtSCANet(SCANet):
    """SCANet with teachers; ``plus`` and ``delta`` have their config and checkpoint."""

    def __init__(
        self, *args: object, plus: dict, delta: dict, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        teachers = []
        for each in (plus, delta):
            model = copy.deepcopy(Config.fromfile(each['config']).model)
            model.backbone.init_cfg = None
            model.data_preprocessor = None
            if model.type == 'SCANet':
                model.test_cfg.rpn.max_per_img = 20
            teacher = MODELS.build(model)
            load_checkpoint(teacher, each['checkpoint'], map_location='cpu')
            teachers.append(teacher.eval().requires_grad_(False))
        # Not a part of this model, which would be saved with it.
        self.__dict__['teachers'] = teachers

    @torch.no_grad()
    def teach(self, batch_inputs: Tensor, batch_data_samples: SampleList) -> Tensor:
        """What the teachers say (B, C), in [0, 1]."""
        views, metas = [], []
        for image, sample in zip(batch_inputs, batch_data_samples, strict=True):
            h, w = sample.img_shape[:2]
            view = F.interpolate(
                image[None, :, :h, :w], SHAPE, mode='bilinear', antialias=True
            )
            views.append(view[0])
            shapes = dict(img_shape=SHAPE, batch_input_shape=SHAPE, pad_shape=SHAPE)
            metas.append(DetDataSample(metainfo={**sample.metainfo, **shapes}))
        plus, delta = self.teachers
        views = torch.stack(views)
        windows = _logit(delta.predict_labels(views, metas))
        patches, scenes = [], []
        for found in plus.score_patches(views, metas):
            scores = plus._image_scores(found)
            scenes.append(scores['scene_score'])
            patches.append((2 * scores['score'] - scores['scene_score']).clamp(0, 1))
        patches, scenes = _logit(torch.stack(patches)), _logit(torch.stack(scenes))
        return (patches / 2 + (scenes + windows) / 4).sigmoid()

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """The losses, with the teachers' scores in two of them."""
        self.roi_head.taught = self.teach(batch_inputs, batch_data_samples)
        return super().loss(batch_inputs, batch_data_samples)


@MODELS.register_module()
class TaughtRoIHead(SCARoIHead):
    """Learns the mean of the labels and of ``taught`` (B, C)."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.scene_head.label_loss = self._scene_loss

    def _scene_loss(self, logits: Tensor, samples: SampleList) -> Tensor:
        cells = self.scene_head.gt_scores(samples)
        target = ((cells > 0).float() + self.taught) / 2
        loss = F.binary_cross_entropy_with_logits(
            logits.float(), target, reduction='none'
        )
        return (loss * (cells >= 0)).sum(1).mean()

    def _image_loss(
        self,
        scores: dict[str, Tensor],
        image_index: Tensor,
        batch_data_samples: SampleList,
        scene_scores: Tensor,
    ) -> Tensor:
        scores = {k: each for k, each in scores.items() if each is not None}
        loss = 0.0
        for i, sample in enumerate(batch_data_samples):
            target = ((sample.gt_score > 0).float() + self.taught[i]) / 2
            mine = {name: each[image_index == i] for name, each in scores.items()}
            mine['scene_scores'] = scene_scores[i : i + 1]
            score = self.fusion.image_scores(**mine)['score'].clamp(1e-6, 1 - 1e-6)
            each = -(target * score.log() + (1 - target) * (1 - score).log())
            loss = loss + (each * (sample.gt_score >= 0)).sum()
        return self.delta * loss / len(batch_data_samples)


def _logit(scores: Tensor) -> Tensor:
    return torch.logit(scores.float(), eps=1e-4)
