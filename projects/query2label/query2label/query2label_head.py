"""Each label asks the feature map whether it is there."""

from mmdet.models.layers import (
    DetrTransformerDecoder,
    DetrTransformerEncoder,
    SinePositionalEncoding,
)
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import LabelwiseLinear, MultiLabelClsHead


@MODELS.register_module()
class Query2LabelHead(MultiLabelClsHead):
    """A Transformer whose decoder has a learned query for each label.

    S. Liu et al., "Query2Label: A Simple Transformer Way to Multi-Label
    Classification", arXiv 2107.10834. The cells of the last feature map are N = H x W
    tokens with sine positions. In each decoder layer the labels' vectors attend to
    each other, then to the tokens; a linear classifier of each label's own reads its
    vector. The layers are mmdet's of DETR.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: Width of the Transformer, a multiple of 4 and of ``num_heads``.
        feedforward_channels: Width inside its feed-forward networks.
        num_heads: Heads of each attention.
        num_encoder_layers: Layers in which tokens attend to tokens.
        num_decoder_layers: Layers in which labels attend to labels and tokens.
        dropout: Of attention weights and of what each sublayer adds.
        prior: The probability that scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``hidden_channels`` is no such multiple or there is no layer.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 2048,
        feedforward_channels: int = 8192,
        num_heads: int = 4,
        num_encoder_layers: int = 1,
        num_decoder_layers: int = 2,
        dropout: float = 0.1,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        if num_heads < 1 or hidden_channels % 4 or hidden_channels % num_heads:
            # Sine positions have a sine and a cosine for each of two axes.
            raise ConfigError(
                'hidden_channels must be a multiple of 4 and of num_heads='
                f'{num_heads}, not {hidden_channels}'
            )
        init_cfg = dict(type='Xavier', layer=['Linear', 'Conv2d'])
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.project = nn.Conv2d(in_channels, hidden_channels, 1)
        self.positions = SinePositionalEncoding(hidden_channels // 2, normalize=True)
        self.encoder, self.decoder = build_transformer(
            (num_encoder_layers, num_decoder_layers),
            hidden_channels,
            feedforward_channels,
            num_heads,
            dropout,
        )
        self.label_queries = nn.Embedding(num_classes, hidden_channels)
        self.classifier = LabelwiseLinear(num_classes, hidden_channels, prior)

    def label_vectors(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What the decoder has gathered for each label, (B, C, hidden)."""
        x = self.project(feats[-1])
        # (B, hidden, H, W) to (B, N, hidden).
        positions = self.positions(None, x).flatten(2).transpose(1, 2)
        tokens = x.flatten(2).transpose(1, 2)
        tokens = self.encoder(tokens, query_pos=positions, key_padding_mask=None)
        (vectors,) = self.decoder(
            self.label_queries.weight.repeat(len(x), 1, 1),
            key=tokens,
            value=tokens,
            query_pos=None,
            key_pos=positions,
            key_padding_mask=None,
        )
        return vectors

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        return self.classifier(self.label_vectors(feats))


def build_transformer(
    num_layers: tuple[int, int],
    channels: int,
    feedforward_channels: int,
    num_heads: int,
    dropout: float,
) -> tuple[DetrTransformerEncoder, DetrTransformerDecoder]:
    """Encoder and decoder with these numbers of layers, otherwise alike.

    Raises:
        ConfigError: If one of them has no layer.
    """
    for part, number in zip(('encoder', 'decoder'), num_layers, strict=True):
        if number < 1:
            raise ConfigError(f'num_{part}_layers must be at least 1, not {number}')

    def attention() -> dict:
        # A dict of its own for each attention: mmdet writes into what it gets.
        return dict(
            embed_dims=channels,
            num_heads=num_heads,
            attn_drop=dropout,
            proj_drop=dropout,
        )

    ffn = dict(
        embed_dims=channels,
        feedforward_channels=feedforward_channels,
        ffn_drop=dropout,
    )
    encoder = dict(self_attn_cfg=attention(), ffn_cfg=ffn)
    decoder = dict(self_attn_cfg=attention(), cross_attn_cfg=attention(), ffn_cfg=ffn)
    return (
        DetrTransformerEncoder(num_layers[0], encoder),
        DetrTransformerDecoder(num_layers[1], decoder, return_intermediate=False),
    )
