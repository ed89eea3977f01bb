"""The image as a whole and its best windows."""

from collections.abc import Sequence

import torch
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead


@MODELS.register_module()
class DELTAHead(MultiLabelClsHead):
    """A stream over the whole image and one over its windows, fused.

    W. Yu et al., "DELTA: A deep dual-stream network for multi-label image
    classification", Pattern Recognition 2019. One stream classifies the pooled image.
    To the other an image is a bag of instances, windows of several sizes: a label is
    there if it is in one of them, so that its best window counts. A linear layer fuses
    the logits of both. The README says which of this is inferred.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: E, the width of both streams.
        windows: Sides of the windows, odd, in cells of the last feature map.
        stream_loss_weight: Of the loss of each stream; the fused logits have 1.
        prior: The probability that scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If there is no window, a window is even or not positive, or the
            weight is negative.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 512,
        windows: Sequence[int] = (1, 3, 5),
        stream_loss_weight: float = 1.0,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        if not windows or any(side < 1 or side % 2 == 0 for side in windows):
            raise ConfigError(f'windows must be odd numbers from 1, not {windows}')
        if stream_loss_weight < 0:
            raise ConfigError(
                f'stream_loss_weight must be at least 0, not {stream_loss_weight}'
            )
        classifier = dict(type='Normal', std=0.01, bias_prob=prior)
        init_cfg = dict(
            type='Kaiming',
            layer=['Conv2d', 'Linear'],
            override=[
                dict(name='global_classifier', **classifier),
                dict(name='instance_classifier', **classifier),
            ],
        )
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.stream_loss_weight = stream_loss_weight
        self.global_fc = nn.Linear(in_channels, hidden_channels)
        self.global_classifier = nn.Linear(hidden_channels, num_classes)
        self.transfers = nn.ModuleList(
            nn.Conv2d(in_channels, hidden_channels, side, padding=side // 2)
            for side in windows
        )
        self.instance_classifier = nn.Conv2d(hidden_channels, num_classes, 1)
        self.fusion = nn.Linear(2 * num_classes, num_classes)

    def init_weights(self) -> None:
        """Let the fused logits start as the mean of the streams'."""
        super().init_weights()
        mean = torch.eye(self.num_classes).repeat(1, 2) / 2
        with torch.no_grad():
            self.fusion.weight.copy_(mean)
            self.fusion.bias.zero_()

    def global_logits(self, x: Tensor) -> Tensor:
        """Logits (B, C) of the whole image, from a feature map (B, D, H, W)."""
        return self.global_classifier(F.relu(self.global_fc(x.mean((2, 3)))))

    def instance_logits(self, x: Tensor) -> Tensor:
        """Logits (B, C) of each label's best window, from a map (B, D, H, W)."""
        best = [
            self.instance_classifier(F.relu(transfer(x))).amax((2, 3))
            for transfer in self.transfers
        ]
        return torch.stack(best).amax(0)

    def streams(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """The logits (B, C) of the image and of its best windows."""
        return self.global_logits(feats[-1]), self.instance_logits(feats[-1])

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Fused logits (B, C) of feature maps; the last, (B, D, H, W), is read."""
        return self.fusion(torch.cat(self.streams(feats), dim=1))

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """Losses of the fused logits and of each stream's, scalars."""
        streams = self.streams(feats)
        fused = self.fusion(torch.cat(streams, dim=1))
        losses = dict(loss_cls=self.label_loss(fused, batch_data_samples))
        for name, logits in zip(('global', 'instance'), streams, strict=True):
            loss = self.label_loss(logits, batch_data_samples)
            losses[f'loss_{name}'] = self.stream_loss_weight * loss
        return losses
