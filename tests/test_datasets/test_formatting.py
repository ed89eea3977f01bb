"""Packing tells of an image that is not as large as its annotation says."""

import warnings

import numpy as np
import pytest

from mmscanet.datasets import PackMultiLabelInputs


def results(height: int, width: int) -> dict:
    image = np.zeros((4, 6, 3), np.uint8)
    return dict(
        img=image,
        img_path='turned.jpg',
        img_shape=(4, 6),
        ori_shape=(4, 6),
        height=height,
        width=width,
    )


def test_another_size_is_told_of_once():
    pack = PackMultiLabelInputs(meta_keys=())
    with pytest.warns(UserWarning, match=r'turned\.jpg has 6 x 4 .* 4 x 6 in its'):
        pack(results(height=6, width=4))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        pack(results(height=6, width=4))


def test_the_same_size_and_none_are_fine():
    pack = PackMultiLabelInputs(meta_keys=())
    without = results(4, 6)
    del without['height'], without['width']
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        pack(results(4, 6))
        pack(without)
