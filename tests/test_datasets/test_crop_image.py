"""Parts of training images, with the labels of what is in the part."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from mmscanet.datasets import MultiLabelCrop
from mmscanet.errors import ConfigError

#: Six labels in an image of 100 x 80: boxes, whether ignored, and the image's labels.
BOXES = {
    0: [0.0, 0.0, 20.0, 20.0],  # in the upper left quarter
    1: [60.0, 50.0, 90.0, 70.0],  # in the lower right one
    2: [0.0, 0.0, 90.0, 70.0],  # 31.7 % in the upper left quarter
    3: [10.0, 10.0, 80.0, 30.0],  # 57.1 % in it
    4: [5.0, 5.0, 15.0, 15.0],  # difficult, in it
}


def image(*labels, ignored=(4,), gt_score=None):
    scores = np.zeros(6, dtype=np.int8)
    for label in labels:
        scores[label] = -1 if label in ignored else 1
    areas = np.where(scores == 1, 400, 0).astype(np.float32)
    return dict(
        img=np.arange(100 * 80, dtype=np.int32).reshape(80, 100, 1),
        img_shape=(80, 100),
        gt_bboxes=HorizontalBoxes([BOXES[label] for label in labels]),
        gt_bboxes_labels=np.array(labels, dtype=np.int64),
        gt_ignore_flags=np.array([label in ignored for label in labels], dtype=bool),
        gt_score=np.array(gt_score or scores, dtype=np.int8),
        gt_area=areas,
    )


@pytest.fixture
def quarter(monkeypatch):
    """A crop that always takes the upper left quarter."""
    crop = MultiLabelCrop()
    monkeypatch.setattr(crop, '_get_crop_size', lambda shape: (40, 50))
    monkeypatch.setattr(crop, '_rand_offset', lambda margin: (0, 0))
    return crop


def test_labels_follow_their_objects(quarter):
    results = image(0, 1, 2, 3, 4)
    before = copy.deepcopy(results)
    part = quarter(results)
    assert (part['img'] == before['img'][:40, :50]).all()
    assert part['img_shape'] == (40, 50)
    assert part['gt_bboxes'].tensor.tolist() == [
        [0, 0, 20, 20],
        [0, 0, 50, 40],
        [10, 10, 50, 30],
        [5, 5, 15, 15],
    ]
    assert part['gt_bboxes_labels'].tolist() == [0, 2, 3, 4]
    # Label 2 is seen in part only, and 4 was ignored before.
    assert part['gt_ignore_flags'].tolist() == [False, True, False, True]
    assert part['gt_score'].tolist() == [1, 0, -1, 1, -1, 0]
    assert part['gt_area'].tolist() == [400, 0, 0, 400, 0, 0]
    assert part['gt_score'].dtype == np.int8
    assert part['gt_area'].dtype == np.float32
    # The image that it was cut out of is as it was.
    assert (results['gt_bboxes'].tensor == before['gt_bboxes'].tensor).all()
    assert results['gt_score'].tolist() == before['gt_score'].tolist()


def test_one_of_two_objects_of_a_label_is_enough(quarter):
    results = image(0, 1)
    results['gt_bboxes_labels'] = np.array([3, 3])
    results['gt_score'] = np.array([0, 0, 0, 1, 0, 0], dtype=np.int8)
    assert quarter(results)['gt_score'].tolist() == [0, 0, 0, 1, 0, 0]


def test_a_doubt_that_is_cut_away_is_none(quarter):
    part = quarter(image(0, 1, ignored=[1]))
    assert part['gt_score'].tolist() == [1, 0, 0, 0, 0, 0]


def test_where_a_label_without_a_box_is_nobody_knows(quarter):
    part = quarter(image(0, gt_score=[1, 0, 0, 0, 0, 1]))
    assert part['gt_score'].tolist() == [1, 0, 0, 0, 0, -1]


def test_a_doubtful_object_beside_one_that_is_cut_away_stays_in_doubt(quarter):
    results = image(0, 1, 4, gt_score=[1, 0, 0, 1, 0, 0])
    results['gt_bboxes_labels'] = np.array([0, 3, 3])
    assert quarter(results)['gt_score'].tolist() == [1, 0, 0, -1, 0, 0]


@pytest.mark.parametrize('labels', [[1], [2, 4], []])
def test_an_image_whose_part_has_nothing_to_learn_stays_whole(quarter, labels):
    results = image(*labels)
    part = quarter(results)
    assert part['img'].shape == (80, 100, 1)
    assert part['gt_score'].tolist() == image(*labels)['gt_score'].tolist()
    assert len(part['gt_bboxes']) == len(labels)


def test_parts_are_as_large_as_was_asked():
    crop = TRANSFORMS.build(dict(type='MultiLabelCrop', crop_size=[0.5, 0.9]))
    np.random.seed(0)  # noqa: NPY002 - mmdet draws from the global state
    shapes = [crop(image(0, 1, 3))['img_shape'] for _ in range(60)]
    heights, widths = np.transpose(shapes)
    assert 40 <= heights.min() < 45
    assert 75 < heights.max() <= 80
    assert 90 <= widths.min() < 92
    assert 98 < widths.max() <= 100


def test_one_image_in_so_many_is_cut(monkeypatch):
    crop = MultiLabelCrop(prob=0.25)
    draws = SimpleNamespace(random=iter([0.24, 0.25, 0.9, 0.0]).__next__)
    monkeypatch.setattr('mmscanet.datasets.transforms.crop_image.random', draws)
    monkeypatch.setattr(crop, '_get_crop_size', lambda shape: (40, 50))
    monkeypatch.setattr(crop, '_rand_offset', lambda margin: (0, 0))
    cut = [crop(image(0))['img_shape'] == (40, 50) for _ in range(4)]
    assert cut == [True, False, False, True]


def test_data_without_image_labels_are_cut_too(quarter):
    results = image(0, 1)
    del results['gt_score'], results['gt_area']
    part = quarter(results)
    assert part['gt_bboxes_labels'].tolist() == [0]
    assert 'gt_score' not in part


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(crop_size=(0.5, 1.5)), r'crop_size=\(0.5, 1.5\) are not two shares'),
        (dict(crop_size=(0.0, 1.0)), 'are not two shares'),
        (dict(crop_size=(0.5,)), 'are not two shares'),
        (dict(crop_size=0.5), 'crop_size=0.5 are not two shares'),
        (dict(prob=1.5), 'prob=1.5 is not in'),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ConfigError, match=message):
        MultiLabelCrop(**settings)


def test_a_crowd_in_the_part_keeps_its_label(quarter):
    # As COCO has it: ignored, and yet its label is present.
    results = image(0, 4, gt_score=[1, 0, 0, 0, 1, 0])
    assert quarter(results)['gt_score'].tolist() == [1, 0, 0, 0, 1, 0]
    seen_in_part = image(0, 2, ignored=[2], gt_score=[1, 0, 1, 0, 0, 0])
    assert quarter(seen_in_part)['gt_score'].tolist() == [1, 0, -1, 0, 0, 0]


def test_what_lies_beside_the_image_is_not_cut_away(quarter):
    results = image(0, 1)
    results['gt_bboxes'] = HorizontalBoxes([[-60.0, -60.0, 20, 20], BOXES[1]])
    part = quarter(results)
    assert part['gt_bboxes'].tensor.tolist() == [[0, 0, 20, 20]]
    assert part['gt_score'].tolist() == [1, 0, 0, 0, 0, 0]


def test_an_image_of_a_few_pixels_leaves_one_at_least():
    crop = MultiLabelCrop(crop_size=(0.01, 0.01))
    for seed in range(20):
        np.random.seed(seed)  # noqa: NPY002 - mmdet draws from the global state
        results = image(0)
        results['img'] = results['img'][:2, :3]
        assert min(crop(results)['img'].shape) >= 1


def test_boxes_come_first():
    with pytest.raises(ConfigError, match='put it behind LoadAnnotations'):
        MultiLabelCrop()(dict(img=np.zeros((4, 4, 3))))
