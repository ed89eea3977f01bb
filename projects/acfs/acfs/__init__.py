"""Attention that follows the picture when it is flipped."""

from .acfs_classifier import ACfsClassifier
from .cam_head import CAMHead

__all__ = ['ACfsClassifier', 'CAMHead']
