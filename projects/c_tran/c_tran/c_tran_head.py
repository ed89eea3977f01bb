"""Labels and image in one transformer, with some labels known or none."""

import math

import torch
from mmdet.models.layers import DetrTransformerEncoder
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, OptSampleList, SampleList
from torch import Tensor, nn

from mmscanet.errors import ConfigError, DataError
from mmscanet.models import LabelwiseLinear, MultiLabelClsHead


@MODELS.register_module()
class CTranHead(MultiLabelClsHead):
    """A transformer encoder over the cells of the image and the labels, with states.

    J. Lanchantin et al., "General Multi-label Image Classification with Transformers",
    CVPR 2021 (C-Tran). The tokens are the H W cells of the last feature map and a
    vector for each label, to which that of its state is added: unknown (0), known to
    be absent, or known to be present. All attend to all; there is no positional
    encoding. A classifier of each label's own reads the label's token.

    In training a random part of each image's labels is unknown, and only these have
    a loss. At inference all are, but for those of a sample's ``known_score`` (C,)
    int8: 1 present, 0 absent, -1 unknown. Known labels come out as they were given.

    Args:
        in_channels: D of the last feature map.
        embed_dims: D' of a token; by default D, as in the paper. Where they differ, a
            1 x 1 convolution comes before the transformer.
        num_layers: Layers of the encoder.
        num_heads: Heads of its attention.
        dropout: Of the encoder, at every place of the original transformer.
        min_unknown: The smallest part of the labels that is unknown in training.
        prior: The probability that every score starts from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``min_unknown`` is not in (0, 1], ``num_heads`` does not divide
            D' or there is no layer.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        embed_dims: int | None = None,
        num_layers: int = 3,
        num_heads: int = 4,
        dropout: float = 0.1,
        min_unknown: float = 0.25,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        dims = embed_dims or in_channels
        if not 0 < min_unknown <= 1:
            raise ConfigError(f'min_unknown must be in (0, 1], not {min_unknown}')
        if num_heads < 1 or dims % num_heads:
            raise ConfigError(f'num_heads must divide {dims} channels, not {num_heads}')
        if num_layers < 1:
            raise ConfigError(f'num_layers must be at least 1, not {num_layers}')
        super().__init__(num_classes, **kwargs)
        self.min_unknown = min_unknown
        self.project = (
            nn.Identity() if dims == in_channels else nn.Conv2d(in_channels, dims, 1)
        )
        self.labels = nn.Embedding(num_classes, dims)
        # Unknown, absent, present: the cells of gt_score plus 1. The first stays 0.
        self.states = nn.Embedding(3, dims, padding_idx=0)
        self.encoder = DetrTransformerEncoder(
            num_layers,
            layer_cfg=dict(
                self_attn_cfg=dict(
                    embed_dims=dims,
                    num_heads=num_heads,
                    attn_drop=dropout,
                    proj_drop=dropout,
                ),
                ffn_cfg=dict(
                    embed_dims=dims, feedforward_channels=dims, ffn_drop=dropout
                ),
            ),
        )
        self.classifiers = LabelwiseLinear(num_classes, dims, prior)

    def label_logits(self, feats: tuple[Tensor, ...], known: Tensor) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read.

        Args:
            feats: Fine to coarse.
            known: (B, C) int8: 1 present, 0 absent, -1 unknown.
        """
        cells = self.project(feats[-1]).flatten(2).transpose(1, 2)
        labels = self.labels.weight + self.states(known.long() + 1)
        tokens = torch.cat([cells, labels.to(cells.dtype)], 1)
        tokens = self.encoder(tokens, query_pos=None, key_padding_mask=None)
        return self.classifiers(tokens[:, -self.num_classes :])

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps (B, D_l, H_l, W_l), with no label known."""
        return self.label_logits(feats, self.known_scores(None, feats[-1]))

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """``loss_cls`` of the labels that are drawn to be unknown."""
        cells = self.gt_scores(batch_data_samples)
        unknown = self.draw_unknown(len(cells), cells.device)
        # Cells that are not scored are -1 either way.
        logits = self.label_logits(feats, cells.masked_fill(unknown, -1))
        asked = cells.masked_fill(~unknown, -1)
        samples = [DetDataSample(gt_score=row) for row in asked]
        return dict(loss_cls=self.label_loss(logits, samples))

    def draw_unknown(self, num_images: int, device: torch.device) -> Tensor:
        """Which labels are unknown, (B, C) bool: as many as drawn for each image.

        Their number is uniform between ``min_unknown`` of the labels and all.
        """
        fewest = math.ceil(self.min_unknown * self.num_classes)
        shape = (num_images, self.num_classes)
        number = torch.randint(
            fewest, self.num_classes + 1, (num_images, 1), device=device
        )
        ranks = torch.rand(shape, device=device).argsort(1).argsort(1)
        return ranks < number

    def known_scores(self, batch_data_samples: OptSampleList, like: Tensor) -> Tensor:
        """``known_score`` of the samples, (B, C) int8, on the device of ``like``.

        Without samples, and for those that have none, nothing is known: -1.

        Args:
            batch_data_samples: Of B images, or None.
            like: A feature map (B, ...).

        Raises:
            DataError: A ``known_score`` has another shape or other numbers.
        """
        shape = (len(like), self.num_classes)
        known = torch.full(shape, -1, dtype=torch.int8, device=like.device)
        for index, sample in enumerate(batch_data_samples or ()):
            if 'known_score' in sample:
                known[index] = self.check_known(sample, index)
        return known

    def check_known(self, sample: DetDataSample, index: int) -> Tensor:
        """The cells (C,) of a sample's ``known_score``.

        Args:
            sample: Of one image.
            index: Its number in the batch, to name it where it has no ``img_id``.

        Raises:
            DataError: They have another shape, or a number that is not 1, 0 or -1.
        """
        cells = sample.known_score
        if cells.shape != (self.num_classes,) or not (cells == cells.sign()).all():
            raise DataError(
                f'known_score of image {sample.get("img_id", index)} must be '
                f'{self.num_classes} cells of 1, 0 or -1, not {cells.tolist()}'
            )
        return cells

    def predict(
        self, feats: tuple[Tensor, ...], batch_data_samples: OptSampleList = None
    ) -> Tensor:
        """Scores (B, C) in [0, 1]; those of known labels are 1 or 0."""
        known = self.known_scores(batch_data_samples, feats[-1])
        scores = self.label_logits(feats, known).float().sigmoid()
        return torch.where(known < 0, scores, known.float())
