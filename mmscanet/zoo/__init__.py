"""The model zoo: its index, its checkpoints on this machine, and their checks."""

from .download import download_checkpoint
from .index import ZooModel, find_model, list_models
from .resolve import resolve_model

__all__ = [
    'ZooModel',
    'download_checkpoint',
    'find_model',
    'list_models',
    'resolve_model',
]
