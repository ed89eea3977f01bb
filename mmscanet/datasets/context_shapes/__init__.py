"""ContextShapes: a made data set in which only surroundings tell some labels."""

from .dataset import ContextShapesDataset
from .generator import GENERATOR_VERSION, ContextShapesSpec, ensure, make_image
from .scene import CLASSES, CONTEXT_CLASSES, CONTEXT_SCALE

__all__ = [
    'CLASSES',
    'CONTEXT_CLASSES',
    'CONTEXT_SCALE',
    'GENERATOR_VERSION',
    'ContextShapesDataset',
    'ContextShapesSpec',
    'ensure',
    'make_image',
]
