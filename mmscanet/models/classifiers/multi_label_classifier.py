"""A classifier of whole images: backbone, neck and label head."""

import torch
from mmdet.models.detectors import BaseDetector
from mmdet.registry import MODELS
from mmdet.structures import OptSampleList, SampleList
from mmdet.utils import ConfigType, OptConfigType, OptMultiConfig
from torch import Tensor


@MODELS.register_module()
class MultiLabelClassifier(BaseDetector):
    """What the peers in ``projects/`` share: all but their head.

    It takes SCANet's data sets, preprocessor, metric, hooks and tools as they are, and
    finds no boxes. Images of different size in a batch are padded to the largest, and
    heads pool the padding too: let the pipeline resize all to one size.

    Args:
        backbone: Config of a backbone.
        head: Config of a :class:`MultiLabelClsHead`.
        neck: Config of what is between them, if anything.
        channels_last: Run the model in the channels-last memory format, see
            :class:`ChannelsLastMixin`.
        data_preprocessor: Config of mmdet's ``DetDataPreprocessor``.
        init_cfg: See ``BaseModule``.
    """

    def __init__(
        self,
        backbone: ConfigType,
        head: ConfigType,
        neck: OptConfigType = None,
        channels_last: bool = False,
        data_preprocessor: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.neck = None if neck is None else MODELS.build(neck)
        self.head = MODELS.build(head)
        self.channels_last = channels_last
        if channels_last:
            self.backbone.to(memory_format=torch.channels_last)

    def extract_feat(self, batch_inputs: Tensor) -> tuple[Tensor, ...]:
        """Feature maps (B, D_l, H_l, W_l) of images (B, 3, H, W), fine to coarse."""
        if self.channels_last:
            batch_inputs = batch_inputs.contiguous(memory_format=torch.channels_last)
        feats = self.backbone(batch_inputs)
        return self.neck(feats) if self.with_neck else feats

    def _forward(
        self, batch_inputs: Tensor, batch_data_samples: OptSampleList = None
    ) -> Tensor:
        """Logits (B, C)."""
        return self.head(self.extract_feat(batch_inputs))

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """The head's losses on images (B, 3, H, W), normalised."""
        return self.head.loss(self.extract_feat(batch_inputs), batch_data_samples)

    def predict(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> SampleList:
        """Give each sample ``pred_score`` (C,), in [0, 1]."""
        scores = self.predict_labels(batch_inputs, batch_data_samples)
        for sample, score in zip(batch_data_samples, scores, strict=True):
            sample.pred_score = score
        return batch_data_samples

    def predict_labels(
        self, batch_inputs: Tensor, batch_data_samples: OptSampleList = None
    ) -> Tensor:
        """``pred_score`` of :meth:`predict`, as (B, C)."""
        return self.head.predict(self.extract_feat(batch_inputs), batch_data_samples)
