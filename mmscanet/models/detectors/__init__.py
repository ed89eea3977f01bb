"""Detectors."""

from .scanet import SCANet

__all__ = ['SCANet']
