"""Labels each for themselves, then together."""

from mmcv.cnn.bricks.transformer import MultiheadAttention
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError
from mmscanet.models import LabelwiseLinear, MultiLabelClsHead


@MODELS.register_module()
class DecoupleNetHead(MultiLabelClsHead):
    """A vector of each label's own places, and self-attention between the labels.

    L. Liu et al., "Decoupling Category-wise Independence and Relevance with
    Self-Attention for Multi-Label Image Classification", ICASSP 2019. Independence:
    each label attends to cells of its own. Relevance: the labels' vectors attend to
    each other. A linear classifier for each label reads the vector before, another the
    vector after; the logit is their mean. The README says which of this is inferred.

    Args:
        in_channels: D of the last feature map.
        hidden_channels: E of a label's vector, a multiple of ``num_heads``.
        num_heads: Heads of the attention between labels.
        prior: The probability that scores start from.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``hidden_channels`` is no such multiple.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 512,
        num_heads: int = 8,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        if num_heads < 1 or hidden_channels % num_heads:
            raise ConfigError(
                f'hidden_channels must be a multiple of num_heads={num_heads}, '
                f'not {hidden_channels}'
            )
        super().__init__(num_classes, **kwargs)
        self.places = nn.Conv2d(in_channels, num_classes, 1)
        self.project = nn.Conv2d(in_channels, hidden_channels, 1)
        # Tells the attention between labels which vector is whose.
        self.labels = nn.Embedding(num_classes, hidden_channels)
        self.attention = MultiheadAttention(
            hidden_channels, num_heads, batch_first=True
        )
        self.independence = LabelwiseLinear(num_classes, hidden_channels, prior)
        self.relevance = LabelwiseLinear(num_classes, hidden_channels, prior)

    def label_vectors(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What each label sees at its own places, (B, C, E).

        The weights of a label's places are a softmax over all cells.
        """
        x = feats[-1]
        weights = self.places(x).flatten(2).softmax(-1)
        cells = self.project(x).flatten(2).transpose(1, 2)
        return weights.to(cells.dtype) @ cells

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        vectors = self.label_vectors(feats)
        names = self.labels.weight.expand(len(vectors), -1, -1)
        related = self.attention(vectors, query_pos=names)
        return (self.independence(vectors) + self.relevance(related)) / 2
