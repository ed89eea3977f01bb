"""The figures themselves, on plain arrays: no registry, no logging."""

from .average_precision import (
    average_precision,
    eleven_point_average_precision,
    enveloped_average_precision,
    threshold_counts,
)
from .bootstrap import (
    Estimate,
    draw_images,
    mean_over_labels,
    resampled_average_precision,
    resampled_counts,
    resampled_label_counts,
)
from .calibration import (
    expected_calibration_error,
    fit_temperature,
    scale_by_temperature,
)
from .companions import Companion, find_companions, rates_beside
from .confusion import precision_recall_f1, predict_at_threshold, predict_topk
from .localisation import (
    match_objects,
    mean_hit_rate,
    mean_share,
    overlaps_object,
    points_at_object,
)
from .object_size import SIZE_GROUPS, in_size_group
from .recall_at_precision import (
    highest_precision,
    recall_at_precision,
    threshold_at_precision,
)
from .threshold_fit import OBJECTIVES, fit_resampled_threshold, fit_threshold

__all__ = [
    'OBJECTIVES',
    'SIZE_GROUPS',
    'Companion',
    'Estimate',
    'average_precision',
    'draw_images',
    'eleven_point_average_precision',
    'enveloped_average_precision',
    'expected_calibration_error',
    'find_companions',
    'fit_resampled_threshold',
    'fit_temperature',
    'fit_threshold',
    'highest_precision',
    'in_size_group',
    'match_objects',
    'mean_hit_rate',
    'mean_over_labels',
    'mean_share',
    'overlaps_object',
    'points_at_object',
    'precision_recall_f1',
    'predict_at_threshold',
    'predict_topk',
    'rates_beside',
    'recall_at_precision',
    'resampled_average_precision',
    'resampled_counts',
    'resampled_label_counts',
    'scale_by_temperature',
    'threshold_at_precision',
    'threshold_counts',
]
