"""Training: hooks, and what the command-line tools share (``engine.launch``)."""

from .hooks import LabelCountCheckHook, StagedTrainingHook

__all__ = ['LabelCountCheckHook', 'StagedTrainingHook']
