"""Hooks for mmengine runners."""

from .feature_cache_hook import FeatureCacheHook
from .label_count_check_hook import LabelCountCheckHook, check_label_count
from .label_statistics_hook import LabelStatisticsHook
from .staged_training_hook import StagedTrainingHook

__all__ = [
    'FeatureCacheHook',
    'LabelCountCheckHook',
    'LabelStatisticsHook',
    'StagedTrainingHook',
    'check_label_count',
]
