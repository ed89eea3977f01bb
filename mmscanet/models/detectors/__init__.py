"""Detectors."""

from .channels_last import ChannelsLastMixin
from .scanet import SCANet

__all__ = ['ChannelsLastMixin', 'SCANet']
