"""Fixed queries gather from the feature map, each for a group of labels."""

import torch
from mmcv.cnn.bricks.transformer import BaseTransformerLayer
from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import LabelwiseLinear, MultiLabelClsHead


@MODELS.register_module()
class MLDecoderHead(MultiLabelClsHead):
    """A decoder layer without self-attention, and a classifier of each group.

    T. Ridnik et al., "ML-Decoder: Scalable and Versatile Classification Head", WACV
    2023. K fixed queries attend to the cells of the last feature map, N = H x W tokens;
    a feed-forward network follows. Label c is read from the vector of its group, number
    ``c // ceil(C / K)``, by a linear classifier of its own (the group fully-connected
    layer). The cost grows with K only, not with the square of C.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: Width of the decoder, a multiple of ``num_heads``.
        feedforward_channels: Width inside its feed-forward network.
        num_heads: Heads of the attention.
        num_groups: K, from 1 to C; by default C, a query for each label. Groups
            that would have no label are left out.
        dropout: Of attention weights and of what each sublayer adds.
        prior: The probability that scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Attributes:
        queries: (K, hidden), drawn once and not learned: the decoder first multiplies
            them by a matrix that is. They stay in the checkpoint.

    Raises:
        ConfigError: If ``hidden_channels`` is no such multiple or ``num_groups`` is not
            in its range.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 768,
        feedforward_channels: int = 2048,
        num_heads: int = 8,
        num_groups: int | None = None,
        dropout: float = 0.1,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        if num_groups is None:
            num_groups = num_classes
        if not 1 <= num_groups <= num_classes:
            raise ConfigError(
                f'num_groups must be from 1 to num_classes={num_classes}, '
                f'not {num_groups}'
            )
        init_cfg = dict(type='Xavier', layer='Linear')
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.group_size = -(-num_classes // num_groups)
        num_queries = -(-num_classes // self.group_size)
        self.register_buffer('queries', torch.randn(num_queries, hidden_channels))
        self.project = nn.Linear(in_channels, hidden_channels)
        self.decoder = build_decoder_layer(
            hidden_channels, feedforward_channels, num_heads, dropout
        )
        self.classifier = LabelwiseLinear(num_classes, hidden_channels, prior)

    def group_vectors(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What the decoder has gathered for each group, (B, K, hidden)."""
        tokens = F.relu(self.project(feats[-1].flatten(2).transpose(1, 2)))
        queries = self.queries.expand(len(tokens), -1, -1)
        return self.decoder(queries, key=tokens, value=tokens)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        # The last group may have fewer labels than the others.
        vectors = self.group_vectors(feats).repeat_interleave(self.group_size, dim=1)
        return self.classifier(vectors[:, : self.num_classes])


def build_decoder_layer(
    channels: int, feedforward_channels: int, num_heads: int, dropout: float
) -> BaseTransformerLayer:
    """A Transformer's decoder layer without its self-attention.

    Raises:
        ConfigError: If ``channels`` is no multiple of ``num_heads``.
    """
    if num_heads < 1 or channels % num_heads:
        raise ConfigError(
            f'hidden_channels must be a multiple of num_heads={num_heads}, '
            f'not {channels}'
        )
    return BaseTransformerLayer(
        attn_cfgs=dict(
            type='MultiheadAttention',
            embed_dims=channels,
            num_heads=num_heads,
            attn_drop=dropout,
            proj_drop=dropout,
        ),
        ffn_cfgs=dict(
            type='FFN',
            embed_dims=channels,
            feedforward_channels=feedforward_channels,
            ffn_drop=dropout,
        ),
        operation_order=('cross_attn', 'norm', 'ffn', 'norm'),
        batch_first=True,
    )
