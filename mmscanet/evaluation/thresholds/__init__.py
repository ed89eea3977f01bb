"""Thresholds of labels: what they are; ``fitting`` finds them, ``report`` measures."""

from .label_thresholds import LabelThresholds, Threshold, read_threshold, sidecar_path

__all__ = ['LabelThresholds', 'Threshold', 'read_threshold', 'sidecar_path']
