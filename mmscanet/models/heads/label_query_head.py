"""Each label asks the feature map for what it needs to know."""

import torch
from mmcv.cnn.bricks.transformer import BaseTransformerLayer
from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models.layers.labelwise_linear import LabelwiseLinear

from .multi_label_cls_head import MultiLabelClsHead


@MODELS.register_module()
class LabelQueryHead(MultiLabelClsHead):
    """A Transformer's decoder layer without self-attention, a query for each label.

    The queries attend to the cells of the last feature map, N = H x W tokens, padding
    included (see :class:`MultiLabelClassifier`); a feed-forward network follows, and
    each label is read from its own vector by a linear classifier of its own. It is the
    scene branch of SCANet+ and the base of ML-Decoder, whose idea the fixed queries are
    (T. Ridnik et al., "ML-Decoder: Scalable and Versatile Classification Head", WACV
    2023).

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        hidden_channels: Width of the decoder, a multiple of ``num_heads``.
        feedforward_channels: Width inside its feed-forward network.
        num_heads: Heads of the attention.
        num_queries: K; by default C, which :meth:`forward` expects.
        dropout: Of attention weights and of what each sublayer adds.
        prior: The probability that scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Attributes:
        queries: (K, hidden), drawn once and not learned: the decoder first multiplies
            them by a matrix that is. They stay in the checkpoint.

    Raises:
        ConfigError: If ``hidden_channels`` is no such multiple, or ``prior`` no
            probability between 0 and 1.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 256,
        feedforward_channels: int = 1024,
        num_heads: int = 8,
        num_queries: int | None = None,
        dropout: float = 0.1,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        init_cfg = dict(type='Xavier', layer='Linear')
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        if num_heads < 1 or hidden_channels % num_heads:
            raise ConfigError(
                f'hidden_channels must be a multiple of num_heads={num_heads}, '
                f'not {hidden_channels}'
            )
        queries = torch.randn(num_queries or num_classes, hidden_channels)
        self.register_buffer('queries', queries)
        self.project = nn.Linear(in_channels, hidden_channels)
        self.decoder = BaseTransformerLayer(
            attn_cfgs=dict(
                type='MultiheadAttention',
                embed_dims=hidden_channels,
                num_heads=num_heads,
                attn_drop=dropout,
                proj_drop=dropout,
            ),
            ffn_cfgs=dict(
                type='FFN',
                embed_dims=hidden_channels,
                feedforward_channels=feedforward_channels,
                ffn_drop=dropout,
            ),
            operation_order=('cross_attn', 'norm', 'ffn', 'norm'),
            batch_first=True,
        )
        self.classifier = LabelwiseLinear(num_classes, hidden_channels, prior)

    def query_vectors(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What each query has gathered, (B, K, hidden)."""
        tokens = F.relu(self.project(feats[-1].flatten(2).transpose(1, 2)))
        queries = self.queries.expand(tokens.shape[0], -1, -1)
        return self.decoder(queries, key=tokens, value=tokens)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.classifier(self.query_vectors(feats))
