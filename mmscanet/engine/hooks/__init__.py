"""Hooks for mmengine runners."""

from .label_count_check_hook import LabelCountCheckHook, check_label_count
from .label_statistics_hook import LabelStatisticsHook
from .staged_training_hook import StagedTrainingHook

__all__ = [
    'LabelCountCheckHook',
    'LabelStatisticsHook',
    'StagedTrainingHook',
    'check_label_count',
]
