"""Transforms: from a data info to what the model takes."""

from .crop_image import MultiLabelCrop
from .formatting import PackMultiLabelInputs
from .load_image_once import LoadImageOnce
from .mix_images import MultiLabelMixUp, MultiLabelMosaic

__all__ = [
    'LoadImageOnce',
    'MultiLabelCrop',
    'MultiLabelMixUp',
    'MultiLabelMosaic',
    'PackMultiLabelInputs',
]
