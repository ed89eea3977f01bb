"""How well image labels are predicted: the metric and the score file."""

from .evidence_metric import EvidenceMetric
from .figures import (
    METRIC_VERSION,
    compute_figures,
    compute_label_figures,
    has_annotations,
    labels_without_positives,
)
from .multi_label_metric import MultiLabelMetric
from .paired import PairedComparison, PairedFigures, compare_paired
from .report import format_figures, format_label_figures
from .score_file import load_scores
from .score_table import SCORE_KEYS, ScoreTable
from .thresholds import LabelThresholds, Threshold, read_threshold, sidecar_path
from .thresholds.fitting import HeldOut, cross_fit, fit_label_thresholds
from .thresholds.report import format_fit, measure_thresholds

__all__ = [
    'METRIC_VERSION',
    'SCORE_KEYS',
    'EvidenceMetric',
    'HeldOut',
    'LabelThresholds',
    'MultiLabelMetric',
    'PairedComparison',
    'PairedFigures',
    'ScoreTable',
    'Threshold',
    'compare_paired',
    'compute_figures',
    'compute_label_figures',
    'cross_fit',
    'fit_label_thresholds',
    'format_figures',
    'format_fit',
    'format_label_figures',
    'has_annotations',
    'labels_without_positives',
    'load_scores',
    'measure_thresholds',
    'read_threshold',
    'sidecar_path',
]
