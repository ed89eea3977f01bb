"""The size that a graph is made for, and the pictures it is checked on."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmscanet.deployment.images import export_shape, made_up_images, read_images
from mmscanet.errors import DataError, UsageError


def config(**resize: object) -> Config:
    step = dict(type='Resize', scale=(64, 32), **resize)
    return Config(dict(test_dataloader=dict(dataset=dict(pipeline=[step]))))


def test_the_size_is_the_config_s_unless_given() -> None:
    assert export_shape(config(keep_ratio=False), None) == (32, 64)
    assert export_shape(config(keep_ratio=True), [10, 20]) == (10, 20)
    with pytest.raises(UsageError, match='keeps the ratio'):
        export_shape(config(keep_ratio=True), None)
    with pytest.raises(UsageError, match='positive'):
        export_shape(config(), [0, 20])


def test_pictures_are_read_as_rgb(tmp_path: Path) -> None:
    picture = np.zeros((40, 20, 3), dtype=np.uint8)
    picture[..., 2] = 200  # red, in OpenCV's order
    cv2.imwrite(str(tmp_path / 'red.png'), picture)
    images = read_images([str(tmp_path / 'red.png')], (8, 16))
    assert images.shape == (1, 3, 8, 16)
    assert images.mean(axis=(0, 2, 3)).tolist() == [200, 0, 0]
    (tmp_path / 'text.jpg').write_text('no picture')
    with pytest.raises(DataError, match='text.jpg'):
        read_images([str(tmp_path / 'text.jpg')], (8, 16))


def test_made_up_pictures_differ_and_can_be_made_again() -> None:
    images = made_up_images((32, 48))
    assert images.shape == (5, 3, 32, 48)
    assert images.dtype == np.uint8
    assert not np.array_equal(images[0], images[1])
    assert np.array_equal(images, made_up_images((32, 48)))
