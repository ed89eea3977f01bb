"""How well image labels are predicted: the metric and the score file."""

from .figures import compute_figures, compute_label_figures, labels_without_positives
from .multi_label_metric import MultiLabelMetric
from .report import format_figures, format_label_figures
from .score_table import SCORE_KEYS, ScoreTable
from .thresholds import LabelThresholds, Threshold, read_threshold, sidecar_path

__all__ = [
    'SCORE_KEYS',
    'LabelThresholds',
    'MultiLabelMetric',
    'ScoreTable',
    'Threshold',
    'compute_figures',
    'compute_label_figures',
    'format_figures',
    'format_label_figures',
    'labels_without_positives',
    'read_threshold',
    'sidecar_path',
]
