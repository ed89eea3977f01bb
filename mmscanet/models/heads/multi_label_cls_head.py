"""From feature maps to the labels of an image: loss and scores of every peer."""

from abc import ABCMeta, abstractmethod

import torch
from mmdet.registry import MODELS
from mmdet.structures import OptSampleList, SampleList
from mmdet.utils import OptConfigType, OptMultiConfig
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from mmscanet.models.roi_heads.label_targets import image_labels


class MultiLabelClsHead(BaseModule, metaclass=ABCMeta):
    """A head with a logit for each label; a peer adds the way to it, ``forward``.

    Args:
        num_classes: C.
        loss: Config of one of mmpretrain's losses, which takes logits and targets
            (B, C) and, with ``reduction_override='none'``, gives a loss for each cell.
            By default binary cross entropy. It is summed over the labels, as in Eq. 5
            of SCANet, and averaged over the images.
        init_cfg: See ``BaseModule``.
    """

    def __init__(
        self,
        num_classes: int,
        loss: OptConfigType = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.num_classes = num_classes
        self.loss_module = MODELS.build(
            loss or dict(type='mmpretrain.CrossEntropyLoss', use_sigmoid=True)
        )

    @abstractmethod
    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps (B, D_l, H_l, W_l), fine to coarse."""

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """``loss_cls`` of B images, a scalar; cells that are not scored have none."""
        return dict(loss_cls=self.label_loss(self(feats), batch_data_samples))

    def label_loss(self, logits: Tensor, batch_data_samples: SampleList) -> Tensor:
        """The loss, a scalar, of logits (B, C)."""
        cells = self.gt_scores(batch_data_samples)
        # mmpretrain takes targets (B, 1) for class numbers: one column more, left out.
        spare = (0, int(self.num_classes == 1))
        losses = self.loss_module(
            F.pad(logits.float(), spare),
            F.pad((cells > 0).float(), spare),
            reduction_override='none',
        )
        return (losses[:, : self.num_classes] * (cells >= 0)).sum(1).mean()

    def gt_scores(self, batch_data_samples: SampleList) -> Tensor:
        """The cells (B, C) of B images: 1 present, 0 absent, -1 not scored.

        Without ``gt_score`` the labels are read off the boxes.
        """
        cells = [
            sample.gt_score
            if 'gt_score' in sample
            else image_labels(sample.gt_instances, None, self.num_classes).char()
            for sample in batch_data_samples
        ]
        return torch.stack(cells)

    def predict(
        self, feats: tuple[Tensor, ...], batch_data_samples: OptSampleList = None
    ) -> Tensor:
        """Scores (B, C) in [0, 1].

        In full precision: half precision would make ties of high scores. What is
        known of the images beforehand is in ``batch_data_samples``, for heads that
        use it; this one does not.
        """
        return self(feats).float().sigmoid()
