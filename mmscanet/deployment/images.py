"""The pictures that an exported model is made for, checked and timed on."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.config import Config

from mmscanet.engine.launch import input_shape
from mmscanet.errors import DataError, UsageError


def export_shape(cfg: Config, given: Sequence[int] | None) -> tuple[int, int]:
    """Return the (H, W), in pixels, that the graph is made for.

    Args:
        cfg: The config of the model.
        given: What the user chose, if anything.

    Raises:
        UsageError: It is not positive, or the config has no one size.
    """
    if given is not None:
        if min(given) < 1:
            raise UsageError(f'--shape {given[0]} {given[1]}: give positive numbers')
        return tuple(given)
    shape = input_shape(cfg)
    pipeline = cfg.test_dataloader.dataset.get('pipeline', [])
    if any(step.get('keep_ratio') for step in pipeline):
        raise UsageError(
            "--shape: the config's test pipeline keeps the ratio of each image, so "
            'there is no one size; give the shape'
        )
    return shape


def read_images(paths: Sequence[str], shape: tuple[int, int]) -> np.ndarray:
    """Read pictures and resize them as mmdet does.

    Returns:
        (B, 3, H, W), uint8, RGB.

    Raises:
        DataError: A file is no picture.
    """
    images = []
    for path in paths:
        image = cv2.imread(path)
        if image is None:
            raise DataError(f'--images: cannot read {path} as a picture')
        images.append(cv2.resize(image, shape[::-1]))
    return _as_batch(images)


def made_up_images(shape: tuple[int, int], number: int = 5) -> np.ndarray:
    """Return seeded blobs of colour.

    Returns:
        (``number``, 3, H, W), uint8, RGB.
    """
    rng = np.random.default_rng(0)
    size = [max(side // 16, 1) for side in shape]
    small = rng.integers(256, size=(number, *size, 3)).astype(np.uint8)
    return _as_batch([cv2.resize(image, shape[::-1]) for image in small])


def _as_batch(images: Sequence[np.ndarray]) -> np.ndarray:
    """From BGR images (H, W, 3) to RGB (B, 3, H, W)."""
    return np.ascontiguousarray(np.stack(images)[..., ::-1].transpose(0, 3, 1, 2))
