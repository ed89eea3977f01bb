"""A decoder with fixed queries, each for a group of labels."""

from .ml_decoder_head import MLDecoderHead

__all__ = ['MLDecoderHead']
