"""Training images made of several, with the labels of all of them."""

import copy

import numpy as np
import pytest
from mmdet.registry import DATASETS, TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from mmscanet.datasets import MultiLabelMixUp, MultiLabelMosaic
from mmscanet.datasets.transforms.mix_images import unite_labels
from mmscanet.errors import ConfigError


def image(colour, size=(40, 40), label=0, box=None, not_scored=()):
    """A plain image (w, h) with a box, by default all of it, of one of four labels."""
    width, height = size
    gt_score = np.zeros(4, dtype=np.int8)
    gt_score[list(not_scored)] = -1
    gt_score[label] = 1
    gt_area = np.zeros(4, dtype=np.float32)
    gt_area[label] = width * height
    return dict(
        img=np.full((height, width, 3), colour, dtype=np.uint8),
        img_shape=(height, width),
        gt_bboxes=HorizontalBoxes([box or [0.0, 0.0, width, height]]),
        gt_bboxes_labels=np.array([label]),
        gt_ignore_flags=np.array([False]),
        gt_score=gt_score,
        gt_area=gt_area,
    )


def mixed(transform, *images):
    first, *others = copy.deepcopy(images)
    return transform(dict(first, mix_results=others))


def test_a_mosaic_has_four_whole_images():
    images = [image(10 * (i + 1), label=i) for i in range(3)]
    # Wide: fitted into a quarter at half its size, 40 x 20, below the centre line.
    images.append(image(200, size=(80, 40), label=0, not_scored=[3]))
    found = mixed(MultiLabelMosaic(img_scale=(40, 40)), *images)
    assert found['img'].shape == (80, 80, 3)
    for (x, y), colour in {
        (0, 0): 10,
        (39, 39): 10,
        (40, 0): 20,
        (0, 79): 30,
        (40, 40): 200,
        (79, 59): 200,
        (79, 60): 114,
    }.items():
        assert (found['img'][y, x] == colour).all(), (x, y)
    assert found['gt_bboxes'].tensor.tolist() == [
        [0, 0, 40, 40],
        [40, 0, 80, 40],
        [0, 40, 40, 80],
        [40, 40, 80, 60],
    ]
    assert found['gt_bboxes_labels'].tolist() == [0, 1, 2, 0]
    assert found['gt_score'].tolist() == [1, 1, 1, -1]
    assert found['gt_area'].tolist() == [3200, 1600, 1600, 0]


def test_mixed_up_images_are_both_there():
    first = image(100, label=1, box=[5.0, 5.0, 15.0, 15.0])
    second = image(200, size=(80, 40), label=2, box=[0.0, 0.0, 40.0, 40.0])
    seen = set()
    for seed in range(8):
        np.random.seed(seed)  # noqa: NPY002 - mmdet draws from the global state
        found = mixed(MultiLabelMixUp(img_scale=(40, 40)), first, second)
        assert found['img'].shape == (40, 40, 3)
        assert (found['img'][:20] == 150).all()
        assert (found['img'][20:] == (100 + 114) // 2).all()
        assert found['gt_bboxes_labels'].tolist() == [1, 2]
        assert found['gt_score'].tolist() == [0, 1, 1, 0]
        here, there = found['gt_bboxes'].tensor.tolist()
        assert here == [5, 5, 15, 15]
        seen.add(tuple(there))
    # The second as it is, or flipped.
    assert seen == {(0, 0, 20, 20), (20, 0, 40, 20)}


def test_an_image_without_boxes_is_not_mixed_in():
    first, second = image(100, label=1), image(200, label=2)
    second |= dict(
        gt_bboxes=second['gt_bboxes'][:0],
        gt_bboxes_labels=second['gt_bboxes_labels'][:0],
        gt_ignore_flags=second['gt_ignore_flags'][:0],
    )
    found = mixed(MultiLabelMixUp(img_scale=(40, 40)), first, second)
    assert (found['img'] == 100).all()
    assert found['gt_score'].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize('kind', ['MultiLabelMosaic', 'MultiLabelMixUp'])
def test_others_stay_as_they_are(kind):
    transform = TRANSFORMS.build(dict(type=kind, img_scale=(40, 40), prob=0.0))
    images = [image(i, label=i % 4) for i in range(4 if 'Mosaic' in kind else 2)]
    found = mixed(transform, *images)
    assert (found['img'] == images[0]['img']).all()
    assert found['gt_score'].tolist() == images[0]['gt_score'].tolist()


@pytest.mark.parametrize('kind', [MultiLabelMosaic, MultiLabelMixUp])
def test_the_wrapper_is_asked_for(kind):
    with pytest.raises(ValueError, match='pipeline of a MultiImageMixDataset'):
        kind(img_scale=(40, 40))(image(0))


def test_mix_up_refuses_to_cut():
    with pytest.raises(ValueError, match='resize images to img_scale before it'):
        mixed(MultiLabelMixUp(img_scale=(40, 40)), image(0, (40, 39)), image(0))


def test_what_one_image_shows_is_there_and_a_doubt_stays_a_doubt():
    scores = [[1, -1, -1, 0, 0], [-1, 1, 0, 0, 1]]
    united = unite_labels([np.array(each, dtype=np.int8) for each in scores])
    assert united.tolist() == [1, 1, -1, 0, 1]
    assert united.dtype == np.int8


@pytest.mark.parametrize('kind', [MultiLabelMosaic, MultiLabelMixUp])
def test_settings_as_config_files_have_them(kind):
    assert kind(img_scale=[40, 40]).transform
    with pytest.raises(ValueError, match=f'{kind.__name__}: prob=50 is not in'):
        kind(img_scale=(40, 40), prob=50)


def test_images_without_labels_are_mixed_too():
    images = [image(i) for i in range(4)]
    for each in images:
        del each['gt_score'], each['gt_area']
    found = mixed(MultiLabelMosaic(img_scale=(40, 40)), *images)
    assert len(found['gt_bboxes']) == 4
    assert 'gt_score' not in found


@pytest.fixture
def shapes(tmp_path):
    """The config of a small data set, by what is done to its images."""

    def make(*steps):
        return dict(
            type='ContextShapesDataset',
            data_root=str(tmp_path / 'shapes'),
            spec=dict(train=6, val=1),
            ann_file='annotations/train.json',
            data_prefix=dict(img='train/'),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations', with_bbox=True),
                *steps,
            ],
        )

    return make


@pytest.mark.parametrize('kind', ['MultiLabelMosaic', 'MultiLabelMixUp'])
def test_labels_of_a_data_sets_images_are_those_of_their_boxes(kind, shapes):
    mix = dict(type=kind, img_scale=(160, 160))
    config = dict(
        type='MultiImageMixDataset',
        dataset=shapes(),
        pipeline=[mix, dict(type='PackMultiLabelInputs', meta_keys=())],
    )
    dataset = DATASETS.build(config)
    counts = []
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        labels = sample.gt_instances.labels
        present = sample.gt_score.nonzero().flatten()
        assert present.tolist() == labels.unique().tolist()
        counts.append(len(labels))
    single = [len(each['instances']) for each in dataset.dataset]
    assert np.mean(counts) > 1.5 * np.mean(single)


def test_a_mistake_in_the_pipeline_is_not_the_pictures(shapes):
    dataset = DATASETS.build(shapes(dict(type='MultiLabelMosaic', img_scale=(9, 9))))
    with pytest.raises(ConfigError, match='pipeline of a MultiImageMixDataset'):
        dataset[0]
