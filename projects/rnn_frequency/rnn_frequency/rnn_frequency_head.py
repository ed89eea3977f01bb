"""An LSTM over labels that attends to the image at each step."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.models import LabelSequenceHead


@MODELS.register_module()
class RNNFrequencyHead(LabelSequenceHead):
    r"""Look at the cells that matter for the next label, then name it.

    F. Lyu et al., "Attend and Imagine: Multi-label Image Classification with Visual
    Attention and Recurrent Neural Networks", IEEE Transactions on Multimedia, 2019.
    With :math:`v_i` the features of cell i and h the LSTM's output at the step before

    .. math:: e_i = w^T \tanh(W_v v_i + W_h h), \quad
        \alpha = \mathrm{softmax}(e), \quad z = \sum_i \alpha_i v_i.

    The LSTM reads z and the vector of the label named last; a linear layer on its
    output scores the next label.

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        embed_channels: Numbers in a label's vector.
        hidden_channels: Numbers in each of the LSTM's states.
        attention_channels: Rows of W_v and W_h.
        dropout: Share of the LSTM's output dropped before the scores, in training.
        beam_width: Paths of the search.
        **kwargs: ``init_cfg``.

    Raises:
        ConfigError: See :class:`LabelSequenceHead`.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        embed_channels: int = 256,
        hidden_channels: int = 512,
        attention_channels: int = 512,
        dropout: float = 0.5,
        beam_width: int = 8,
        **kwargs: object,
    ) -> None:
        super().__init__(
            num_classes,
            embed_channels=embed_channels,
            lstm_channels=embed_channels + in_channels,
            hidden_channels=hidden_channels,
            beam_width=beam_width,
            dropout=dropout,
            **kwargs,
        )
        self.attend_cell = nn.Linear(in_channels, attention_channels)
        self.attend_state = nn.Linear(hidden_channels, attention_channels, bias=False)
        # A bias here would add the same to all cells.
        self.attend = nn.Linear(attention_channels, 1, bias=False)
        self.fc = nn.Linear(hidden_channels, num_classes + 1)

    def encode(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The cells (B, HW, D) of the last map and, beside them, W_v of each."""
        cells = feats[-1].flatten(2).transpose(1, 2)
        return torch.cat((cells, self.attend_cell(cells)), -1)

    def attention(self, image: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """What is looked at, (N, D), and how much at each cell, (N, HW).

        Args:
            image: (N, HW, D + A), see :meth:`encode`.
            hidden: (N, H), the LSTM's output at the step before.
        """
        channels = self.attend_cell.in_features
        cells, keys = image[..., :channels], image[..., channels:]
        energy = self.attend(torch.tanh(keys + self.attend_state(hidden)[:, None]))
        weights = energy.squeeze(-1).float().softmax(-1)
        return (weights[:, None] @ cells).squeeze(1), weights

    def step(
        self, image: Tensor, tokens: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`LabelSequenceHead.step`."""
        seen, _ = self.attention(image, state[0])
        state = self.lstm(torch.cat((self.embedding(tokens), seen), 1), state)
        return self.fc(self.dropout(state[0])), state
