"""How boxes are assigned in training."""

from .doubtful_box_assigner import DoubtfulBoxAssigner

__all__ = ['DoubtfulBoxAssigner']
