"""Small, medium and large labels, by COCO's limits on object areas."""

import numpy as np

# Half-open ranges of area, in square pixels of the image at its original size.
# COCO's own ranges share their limits; an area of exactly 32^2 is medium here.
SIZE_GROUPS: dict[str, tuple[float, float]] = {
    'small': (0.0, 32.0**2),
    'medium': (32.0**2, 96.0**2),
    'large': (96.0**2, float('inf')),
}


def in_size_group(gt_area: np.ndarray, group: str) -> np.ndarray:
    """Tell which cells' largest instance falls into a size group.

    Args:
        gt_area: (N, C) area of each label's largest instance, px^2 at original
            size. An area of 0 is unknown and falls into no group.
        group: a key of :data:`SIZE_GROUPS`.

    Returns:
        (N, C) bool.
    """
    lower, upper = SIZE_GROUPS[group]
    return (gt_area > 0) & (gt_area >= lower) & (gt_area < upper)
