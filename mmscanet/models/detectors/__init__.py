"""Detectors."""

from .channels_last import ChannelsLastMixin
from .pyramid import Pyramid
from .scanet import SCANet

__all__ = ['ChannelsLastMixin', 'Pyramid', 'SCANet']
