"""Labels each for themselves, then together."""

from .decouple_net_head import DecoupleNetHead

__all__ = ['DecoupleNetHead']
