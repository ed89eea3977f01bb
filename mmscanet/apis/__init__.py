"""Labels with evidence for people's own pictures."""

from .inferencer import Labelled, SCANetInferencer
from .inputs import ImageSource, find_images
from .prediction import to_prediction

__all__ = [
    'ImageSource',
    'Labelled',
    'SCANetInferencer',
    'find_images',
    'to_prediction',
]
