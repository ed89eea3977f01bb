"""Heads that name the labels of an image one after the other."""

from abc import abstractmethod
from functools import partial

import torch
from mmdet.structures import SampleList
from mmdet.utils import OptMultiConfig
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models.layers.beam_search import State, label_marginals
from mmscanet.models.layers.label_sequence import (
    frequent_first,
    label_sequences,
    next_log_prob,
)
from mmscanet.models.layers.label_statistics import LabelStatistics

from .multi_label_cls_head import MultiLabelClsHead


class LabelSequenceHead(MultiLabelClsHead):
    """An LSTM that names labels, frequent ones first, and then the end.

    The loss is the negative log probability of an image's sequence, averaged over the
    images: a softmax over the labels that are still to be named and the end, at each
    step. A label's score is the probability to be named at all, see
    :func:`label_marginals`. A peer adds what it reads of the image (:meth:`encode`)
    and what it makes of a token (:meth:`step`).

    Args:
        num_classes: C.
        embed_channels: E, numbers in the vector of a token.
        lstm_channels: Numbers that the LSTM reads at a step.
        hidden_channels: H, numbers in each of the LSTM's two states.
        beam_width: Paths of the search.
        dropout: Share of the features that is dropped in training, where the peer
            does so.
        init_cfg: See ``BaseModule``.

    Raises:
        ConfigError: If ``beam_width`` is below 1 or ``dropout`` is not in [0, 1).
    """

    def __init__(
        self,
        num_classes: int,
        embed_channels: int,
        lstm_channels: int,
        hidden_channels: int,
        beam_width: int,
        dropout: float,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        if beam_width < 1:
            raise ConfigError(f'beam_width must be at least 1, not {beam_width}')
        if not 0 <= dropout < 1:
            raise ConfigError(f'dropout must be in [0, 1), not {dropout}')
        init_cfg = init_cfg or dict(type='Normal', layer='Embedding', std=0.1)
        super().__init__(num_classes, init_cfg=init_cfg)
        self.beam_width = beam_width
        self.statistics = LabelStatistics(num_classes)
        # The C labels, the end and, last, the start.
        self.embedding = nn.Embedding(num_classes + 2, embed_channels)
        self.lstm = nn.LSTMCell(lstm_channels, hidden_channels)
        self.dropout = nn.Dropout(dropout)

    @property
    def start_token(self) -> int:
        """What is read before the first label is named."""
        return self.num_classes + 1

    @abstractmethod
    def encode(self, feats: tuple[Tensor, ...]) -> Tensor:
        """What the steps read of B images, (B, ...)."""

    @abstractmethod
    def step(self, image: Tensor, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """Read one token of N paths.

        Args:
            image: (N, ...), for each path what :meth:`encode` made of its image.
            tokens: (N,), the last of each path.
            state: The LSTM's two, (N, H).

        Returns:
            Logits (N, C + 1) of the labels and of the end, and the new state.
        """

    def start(self, image: Tensor) -> State:
        """The state before the first step; by default 0."""
        zeros = image.new_zeros(len(image), self.lstm.hidden_size)
        return zeros, zeros

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """``loss_cls``, a scalar, with the true labels read at each step.

        Labels that are not scored are neither named nor in the softmax.
        """
        cells = self.gt_scores(batch_data_samples)
        order = frequent_first(self.statistics.count)
        targets = label_sequences(cells, order)
        inputs = F.pad(targets[:, :-1], (1, 0), value=self.start_token)
        image = self.encode(feats)
        state, barred = self.start(image), cells < 0
        total = 0
        for token, target in zip(inputs.T, targets.T, strict=True):
            logits, state = self.step(image, token, state)
            log_prob = next_log_prob(logits, barred)
            named = F.one_hot(target, self.num_classes + 1).bool()
            # After the end nothing counts.
            going_on = token != self.num_classes
            total = total - log_prob.where(named, 0).sum(1) * going_on
            barred = barred | named[:, :-1]
        return dict(loss_cls=total.mean())

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Log odds (B, C) of the labels to be named, of feature maps."""
        image = self.encode(feats).repeat_interleave(self.beam_width, 0)
        step = partial(self.step, image)
        marginals = label_marginals(
            step, self.start(image), self.start_token, self.beam_width
        )
        return torch.logit(marginals)
