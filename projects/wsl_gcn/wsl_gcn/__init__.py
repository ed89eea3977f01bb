"""A map of the image for each label, from classifiers that a label graph makes."""

from .wsl_gcn import WSLGCN
from .wsl_gcn_head import WSLGCNHead

__all__ = ['WSLGCN', 'WSLGCNHead']
