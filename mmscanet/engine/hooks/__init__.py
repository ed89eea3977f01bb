"""Hooks for mmengine runners."""

from .best_figure_check_hook import BestFigureCheckHook
from .count_logger_hook import CountLoggerHook
from .evidence_visualization_hook import EvidenceVisualizationHook
from .feature_cache_hook import FeatureCacheHook
from .finite_loss_hook import FiniteLossHook
from .label_count_check_hook import LabelCountCheckHook, check_label_count
from .label_statistics_hook import LabelStatisticsHook
from .staged_training_hook import StagedTrainingHook
from .warm_up_check_hook import WarmUpCheckHook

__all__ = [
    'BestFigureCheckHook',
    'CountLoggerHook',
    'EvidenceVisualizationHook',
    'FeatureCacheHook',
    'FiniteLossHook',
    'LabelCountCheckHook',
    'LabelStatisticsHook',
    'StagedTrainingHook',
    'WarmUpCheckHook',
    'check_label_count',
]
