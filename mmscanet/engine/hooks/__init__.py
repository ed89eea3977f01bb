"""Hooks for mmengine runners."""

from .label_count_check_hook import LabelCountCheckHook, check_label_count
from .staged_training_hook import StagedTrainingHook

__all__ = ['LabelCountCheckHook', 'StagedTrainingHook', 'check_label_count']
