"""Transforms: from a data info to what the model takes."""

from .formatting import PackMultiLabelInputs
from .load_image_once import LoadImageOnce

__all__ = ['LoadImageOnce', 'PackMultiLabelInputs']
