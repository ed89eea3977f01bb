"""Training: hooks, and what the command-line tools share (``engine.launch``)."""

from .bfloat16_optim_wrapper import Bfloat16OptimWrapper
from .hooks import LabelCountCheckHook, LabelStatisticsHook, StagedTrainingHook

__all__ = [
    'Bfloat16OptimWrapper',
    'LabelCountCheckHook',
    'LabelStatisticsHook',
    'StagedTrainingHook',
]
