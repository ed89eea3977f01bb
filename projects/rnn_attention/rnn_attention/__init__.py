"""Regions that an LSTM finds one after the other, and the labels in them."""

from .localisation import LocalisationLoss, anchors
from .rnn_attention_head import RNNAttentionHead

__all__ = ['LocalisationLoss', 'RNNAttentionHead', 'anchors']
