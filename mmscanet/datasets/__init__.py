"""Data sets whose images carry labels beside their boxes."""

from .coco import MultiLabelCocoDataset
from .context_shapes import ContextShapesDataset
from .image_labels import ImageLabelsMixin, image_labels
from .transforms import (
    LoadImageOnce,
    MultiLabelCrop,
    MultiLabelMixUp,
    MultiLabelMosaic,
    PackMultiLabelInputs,
)
from .voc import MultiLabelVOCDataset

__all__ = [
    'ContextShapesDataset',
    'ImageLabelsMixin',
    'LoadImageOnce',
    'MultiLabelCocoDataset',
    'MultiLabelCrop',
    'MultiLabelMixUp',
    'MultiLabelMosaic',
    'MultiLabelVOCDataset',
    'PackMultiLabelInputs',
    'image_labels',
]
