"""Losses."""

from .patch_label_loss import PatchLabelLoss

__all__ = ['PatchLabelLoss']
