"""Training: hooks, and what the command-line tools share (``engine.launch``)."""

from .hooks import LabelCountCheckHook, LabelStatisticsHook, StagedTrainingHook

__all__ = ['LabelCountCheckHook', 'LabelStatisticsHook', 'StagedTrainingHook']
