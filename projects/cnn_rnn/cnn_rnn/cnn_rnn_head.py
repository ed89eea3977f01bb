"""An LSTM over labels that are vectors in one space with the image."""

from mmdet.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.models import LabelSequenceHead
from mmscanet.models.layers import GlobalPooling


@MODELS.register_module()
class CNNRNNHead(LabelSequenceHead):
    """Name labels by their vectors' product with image and LSTM, projected together.

    J. Wang et al., "CNN-RNN: A Unified Framework for Multi-label Image Classification",
    CVPR 2016. A label is a vector w; the LSTM reads that of the label named last and
    gives o; with the image's features I the projection is x = h(U_o o + U_I I), and
    the score of the next label is the product of w and x.

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        embed_channels: Numbers in a label's vector.
        hidden_channels: Numbers in each of the LSTM's states.
        dropout: Share of the features dropped before each projection, in training.
        beam_width: Paths of the search.
        pool: How the image's features are made of the map, see :class:`GlobalPooling`.
        **kwargs: ``init_cfg``.

    Raises:
        ConfigError: See :class:`LabelSequenceHead` and :class:`GlobalPooling`.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        embed_channels: int = 64,
        hidden_channels: int = 512,
        dropout: float = 0.5,
        beam_width: int = 8,
        pool: str = 'avg',
        **kwargs: object,
    ) -> None:
        super().__init__(
            num_classes,
            embed_channels=embed_channels,
            lstm_channels=embed_channels,
            hidden_channels=hidden_channels,
            beam_width=beam_width,
            dropout=dropout,
            **kwargs,
        )
        self.pool = GlobalPooling(pool)
        self.project_image = nn.Linear(in_channels, embed_channels)
        self.project_output = nn.Linear(hidden_channels, embed_channels, bias=False)

    def encode(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The image's part (B, E) of the projection, of the last map."""
        return self.project_image(self.dropout(self.pool(feats[-1])))

    def step(
        self, image: Tensor, tokens: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`LabelSequenceHead.step`."""
        state = self.lstm(self.embedding(tokens), state)
        joint = F.relu(image + self.project_output(self.dropout(state[0])))
        # The start is read and never named.
        return F.linear(joint, self.embedding.weight[:-1]), state
