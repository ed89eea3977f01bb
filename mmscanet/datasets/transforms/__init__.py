"""Transforms: from a data info to what the model takes."""

from .formatting import PackMultiLabelInputs

__all__ = ['PackMultiLabelInputs']
