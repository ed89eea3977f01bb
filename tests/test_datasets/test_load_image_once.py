"""Decoded images that stay in memory."""

import numpy as np
import pytest
from mmcv import imwrite
from mmdet.registry import TRANSFORMS

from mmscanet.datasets import LoadImageOnce

IMAGE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'image.png'
    imwrite(IMAGE, str(path))
    return str(path)


def test_a_file_is_decoded_once(path, tmp_path):
    load = TRANSFORMS.build(dict(type='LoadImageOnce'))
    first = load(dict(img_path=path))
    (tmp_path / 'image.png').unlink()
    second = load(dict(img_path=path))
    assert np.array_equal(first['img'], IMAGE)
    assert np.array_equal(second.pop('img'), first.pop('img'))
    assert second == first == dict(img_path=path, img_shape=(4, 6), ori_shape=(4, 6))


def test_what_is_done_to_an_image_is_not_kept(path):
    load = LoadImageOnce()
    for _ in range(3):
        image = load(dict(img_path=path))['img']
        assert np.array_equal(image, IMAGE)
        image[:] = 0


def test_no_more_is_kept_than_there_is_room_for(path, tmp_path):
    other = tmp_path / 'other.png'
    imwrite(IMAGE, str(other))
    load = LoadImageOnce(max_mib=1.5 * IMAGE.nbytes / 2**20)
    load(dict(img_path=path))
    load(dict(img_path=str(other)))
    for each in tmp_path.iterdir():
        each.unlink()
    assert np.array_equal(load(dict(img_path=path))['img'], IMAGE)
    with pytest.raises(FileNotFoundError):
        load(dict(img_path=str(other)))


def test_less_than_no_room_is_told():
    with pytest.raises(ValueError, match='max_mib must be at least 0, not -1'):
        LoadImageOnce(max_mib=-1)
