"""Detectors."""

from .channels_last import ChannelsLastMixin
from .mixed_precision import MixedPrecisionMixin
from .pyramid import Pyramid
from .scanet import SCANet

__all__ = ['ChannelsLastMixin', 'MixedPrecisionMixin', 'Pyramid', 'SCANet']
