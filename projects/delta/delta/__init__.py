"""The image as a whole and its best windows."""

from .delta_head import DELTAHead

__all__ = ['DELTAHead']
