"""Labels named one after the other by an LSTM, in a space that images share."""

from .cnn_rnn_head import CNNRNNHead

__all__ = ['CNNRNNHead']
