"""Labels and image in one transformer, with some labels known or none."""

from .c_tran_head import CTranHead
from .reveal_labels import RevealLabels

__all__ = ['CTranHead', 'RevealLabels']
