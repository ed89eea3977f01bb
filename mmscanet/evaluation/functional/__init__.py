"""The figures themselves, on plain arrays: no registry, no logging."""

from .average_precision import (
    average_precision,
    eleven_point_average_precision,
    enveloped_average_precision,
    threshold_counts,
)
from .confusion import precision_recall_f1, predict_at_threshold, predict_topk
from .object_size import SIZE_GROUPS, in_size_group

__all__ = [
    'SIZE_GROUPS',
    'average_precision',
    'eleven_point_average_precision',
    'enveloped_average_precision',
    'in_size_group',
    'precision_recall_f1',
    'predict_at_threshold',
    'predict_topk',
    'threshold_counts',
]
