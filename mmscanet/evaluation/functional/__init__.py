"""The figures themselves, on plain arrays: no registry, no logging."""

from .average_precision import (
    average_precision,
    eleven_point_average_precision,
    enveloped_average_precision,
    threshold_counts,
)
from .bootstrap import draw_images, resampled_average_precision, resampled_counts
from .companions import Companion, find_companions, rates_beside
from .confusion import precision_recall_f1, predict_at_threshold, predict_topk
from .object_size import SIZE_GROUPS, in_size_group
from .recall_at_precision import (
    highest_precision,
    recall_at_precision,
    threshold_at_precision,
)

__all__ = [
    'SIZE_GROUPS',
    'Companion',
    'average_precision',
    'draw_images',
    'eleven_point_average_precision',
    'enveloped_average_precision',
    'find_companions',
    'highest_precision',
    'in_size_group',
    'precision_recall_f1',
    'predict_at_threshold',
    'predict_topk',
    'rates_beside',
    'recall_at_precision',
    'resampled_average_precision',
    'resampled_counts',
    'threshold_at_precision',
    'threshold_counts',
]
