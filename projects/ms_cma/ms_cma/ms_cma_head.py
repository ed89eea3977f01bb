"""Cross-modality attention at several scales."""

from collections.abc import Sequence

from mmdet.registry import MODELS
from mmengine.model import ModuleList
from torch import Tensor

from mmscanet.errors import ConfigError
from mmscanet.models import LabelwiseLinear, MultiLabelClsHead

from .cross_modality_attention import CrossModalityAttention
from .similarity_embeddings import SimilarityEmbeddings


@MODELS.register_module()
class MSCMAHead(MultiLabelClsHead):
    """Each label attends to cells that resemble it, on several feature maps.

    R. You et al., "Cross-Modality Attention with Semantic Graph Embedding for
    Multi-Label Classification", AAAI 2020. Each map has its own projection and
    classifiers; the logit of a label is the mean of theirs.

    Args:
        in_channels: D of the last feature map.
        lower_channels: D of the maps before it that are read too, fine to coarse.
        embed_channels: E of the label vectors.
        alpha: See :class:`SimilarityEmbeddings`.
        prior: The probability that every score starts from, as SCANet's do.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``alpha`` is not in [0, 1].
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        lower_channels: Sequence[int] = (),
        embed_channels: int = 256,
        alpha: float = 0.1,
        prior: float = 0.01,
        **kwargs: object,
    ) -> None:
        super().__init__(num_classes, **kwargs)
        self.channels = (*lower_channels, in_channels)
        self.embeddings = SimilarityEmbeddings(num_classes, embed_channels, alpha)
        self.attention = ModuleList(
            CrossModalityAttention(channels, embed_channels)
            for channels in self.channels
        )
        self.classifiers = ModuleList(
            LabelwiseLinear(num_classes, channels, prior) for channels in self.channels
        )

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps (B, D_l, H_l, W_l), of which the last are read.

        Raises:
            ConfigError: These have other channels than the settings say.
        """
        given = tuple(x.shape[1] for x in feats)[-len(self.channels) :]
        if given != self.channels:
            raise ConfigError(
                f'lower_channels and in_channels are {self.channels}, but the last '
                f'feature maps have {given} channels'
            )
        labels = self.embeddings()
        logits = [
            classify(attend(x, labels))
            for attend, classify, x in zip(
                self.attention,
                self.classifiers,
                feats[-len(self.channels) :],
                strict=True,
            )
        ]
        return sum(logits) / len(logits)
