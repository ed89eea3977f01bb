"""Labels named one after the other, each with a look at the image of its own."""

from .rnn_frequency_head import RNNFrequencyHead

__all__ = ['RNNFrequencyHead']
