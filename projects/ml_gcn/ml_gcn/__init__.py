"""Classifiers that a graph of labels generates."""

from .ml_gcn_head import MLGCNHead

__all__ = ['MLGCNHead']
