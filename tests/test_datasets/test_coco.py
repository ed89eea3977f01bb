import json

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

from mmscanet.datasets import coco

register_all_modules()
CLASSES = ('cat', 'dog', 'cow')
PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(416, 416), keep_ratio=False),
    dict(type='RandomFlip', prob=1.0),
    dict(type='PackMultiLabelInputs'),
]


def content():
    """Five images; the file lists the classes in another order than CLASSES."""
    anns = [
        # Image 1: two cats (the larger one 30 x 20), and a crowd of dogs.
        dict(image_id=1, category_id=7, bbox=[0, 0, 10, 10], area=90.0, iscrowd=0),
        dict(image_id=1, category_id=7, bbox=[5, 5, 30, 20], area=600.0, iscrowd=0),
        dict(image_id=1, category_id=3, bbox=[0, 0, 60, 40], area=2000.0, iscrowd=1),
        # Image 2: nothing but a crowd of cows.
        dict(image_id=2, category_id=5, bbox=[0, 0, 60, 40], area=2000.0, iscrowd=1),
        # Image 3: neither `area` nor `iscrowd`; and boxes nothing of which is seen.
        dict(image_id=3, category_id=3, bbox=[2, 3, 8, 6]),
        dict(image_id=3, category_id=5, bbox=[90, 3, 8, 6], area=48.0),
        dict(image_id=3, category_id=7, bbox=[5, 3, 8, 0], area=5.0),
        # Image 4: no box. Image 5: a box to ignore, and dogs of both sorts.
        dict(image_id=5, category_id=7, bbox=[0, 0, 9, 9], area=81.0, ignore=1),
        dict(image_id=5, category_id=3, bbox=[0, 0, 9, 9], area=81.0, ignore=1),
        dict(image_id=5, category_id=3, bbox=[0, 0, 4, 4], area=16.0, ignore=0),
    ]
    return dict(
        images=[
            dict(id=i, file_name=f'{i}.jpg', width=64, height=48) for i in range(1, 6)
        ],
        categories=[
            dict(id=3, name='dog'),
            dict(id=5, name='cow'),
            dict(id=7, name='cat'),
        ],
        annotations=[dict(id=i, **ann) for i, ann in enumerate(anns, 1)],
    )


def write(root, data):
    (root / 'images').mkdir()
    for image in data['images']:
        picture = np.full((image['height'], image['width'], 3), 99, np.uint8)
        cv2.imwrite(str(root / 'images' / image['file_name']), picture)
    (root / 'ann.json').write_text(json.dumps(data))


def build(root, classes=CLASSES, pipeline=PIPELINE, **kwargs):
    return DATASETS.build(
        dict(
            type='MultiLabelCocoDataset',
            data_root=str(root),
            ann_file='ann.json',
            data_prefix=dict(img='images/'),
            metainfo=dict(classes=classes),
            pipeline=pipeline,
            serialize_data=False,  # it would run a garbage collection each time
            **kwargs,
        )
    )


@pytest.fixture
def root(tmp_path):
    write(tmp_path, content())
    return tmp_path


def test_labels_and_areas(root):
    dataset = build(root)
    infos = [dataset.get_data_info(i) for i in range(5)]
    score = np.stack([info['gt_score'] for info in infos])
    area = np.stack([info['gt_area'] for info in infos])
    assert score.dtype == np.int8 and area.dtype == np.float32
    assert score.tolist() == [[1, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0], [-1, 1, 0]]
    assert area.tolist() == [
        [600, 2000, 0],
        [0, 0, 2000],
        [0, 48, 0],
        [0, 0, 0],
        [0, 16, 0],
    ]
    # The crowd stays out of what the regressor learns from.
    assert [i['ignore_flag'] for i in infos[0]['instances']] == [0, 0, 1]
    # What mmdet drops is not forgotten.
    ignored = [each for each in infos[4]['instances'] if each['ignore_flag']]
    assert [each['bbox_label'] for each in ignored] == [0, 1]
    assert [each['bbox'] for each in ignored] == [[0, 0, 9, 9]] * 2


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_labels_follow_the_order_of_the_config(root, order):
    classes = tuple(CLASSES[i] for i in order)
    info = build(root, classes).get_data_info(0)
    names = {classes[i['bbox_label']] for i in info['instances']}
    assert names == {'cat', 'dog'}
    present = {classes[i] for i in np.flatnonzero(info['gt_score'] == 1)}
    assert present == {'cat', 'dog'}
    assert classes[int(info['gt_area'].argmax())] == 'dog'


def test_training_tells_of_images_with_crowds_only(root, log):
    build(root, filter_cfg=dict(filter_empty_gt=True))
    assert any('all boxes of 1 of 4 images are crowds' in line for line in log)
    log.clear()
    build(root, filter_cfg=dict(filter_empty_gt=True), test_mode=True)
    assert not any('are crowds' in line for line in log)
    build(root)
    assert any('all boxes of 1 of 5 images are crowds' in line for line in log)


def test_training_keeps_an_image_with_a_crowd_only(root):
    kept = build(root, filter_cfg=dict(filter_empty_gt=True, min_size=32))
    assert [kept.get_data_info(i)['img_id'] for i in range(len(kept))] == [1, 2, 3, 5]
    crowd = kept[1]['data_samples']
    assert len(crowd.gt_instances.bboxes) == 0
    assert len(crowd.ignored_instances.bboxes) == 1
    assert crowd.gt_score.tolist() == [0, 0, 1]


def test_a_box_to_ignore_is_no_background(root):
    sample = build(root)[4]['data_samples']
    assert sample.gt_score.tolist() == [-1, 1, 0]
    assert sample.gt_instances.labels.tolist() == [1]
    assert sample.ignored_instances.labels.tolist() == [0, 1]
    # A crowd makes its class present, and is no background either.
    change(root, lambda d: d['annotations'][-3].update(iscrowd=1))
    sample = build(root)[4]['data_samples']
    assert sample.gt_score.tolist() == [1, 1, 0]
    assert sample.ignored_instances.labels.tolist() == [0, 1]


def test_evaluation_keeps_every_image(root):
    dataset = build(root, test_mode=True, filter_cfg=dict(filter_empty_gt=True))
    assert len(dataset) == 5


def test_packing_survives_resize_and_flip(root):
    sample = build(root)[0]['data_samples']
    assert sample.flip and sample.img_shape == (416, 416)
    assert sample.gt_score.dtype == torch.int8
    assert sample.gt_area.dtype == torch.float32
    assert sample.gt_score.tolist() == [1, 1, 0]
    assert sample.gt_area.tolist() == [600, 2000, 0]
    # The first box, 10 of 64 pixels wide, lies at the right edge now.
    box = sample.gt_instances.bboxes.tensor[0]
    assert box.tolist() == pytest.approx([416 - 65, 0, 416, 416 * 10 / 48])


def test_packing_without_labels_is_for_inference(root):
    bare = dict(img_path=str(root / 'images/1.jpg'), img_id=1)
    dataset = build(root, pipeline=[PIPELINE[0], PIPELINE[2], PIPELINE[4]])
    sample = dataset.pipeline(bare)['data_samples']
    assert 'gt_score' not in sample and 'gt_area' not in sample


def test_a_single_class_is_no_text(root):
    with pytest.raises(ValueError, match=r"is written classes=\('cat',\)"):
        build(root, 'cat', allow_extra_classes=True)
    (root / 'names.txt').write_text('cat\n')
    dataset = build(root, str(root / 'names.txt'), allow_extra_classes=True)
    assert dataset.metainfo['classes'] == ['cat']


def test_extra_classes_only_on_request(root):
    with pytest.raises(ValueError, match='Only in the annotations: dog, cow'):
        build(root, ('cat',))
    info = build(root, ('cat',), allow_extra_classes=True).get_data_info(0)
    assert info['gt_score'].tolist() == [1]
    assert len(info['instances']) == 2


def test_unknown_class(root):
    with pytest.raises(ValueError, match='Only in the config: kitten'):
        build(root, (*CLASSES, 'kitten'), allow_extra_classes=True)


def change(root, edit):
    data = content()
    edit(data)
    (root / 'ann.json').write_text(json.dumps(data))


@pytest.mark.parametrize('key', ['images', 'annotations', 'categories'])
def test_empty_file(root, key):
    for edit in (lambda data: data.pop(key), lambda data: data[key].clear()):
        change(root, edit)
        with pytest.raises(ValueError, match=rf"ann.json.*'{key}' is absent or empty"):
            build(root)


@pytest.mark.parametrize(
    ('edit', 'message'),
    [
        (lambda d: d['annotations'][4].update(image_id='3'), "5 has image_id '3'"),
        (lambda d: d['annotations'][4].update(category_id=99), '5 has category_id 99'),
        (lambda d: d['annotations'][4].pop('bbox'), '5 has bbox None'),
        (
            lambda d: d['annotations'][4].update(bbox=['a', 1, 2, 3]),
            r"5 has bbox \['a', 1, 2, 3\]",
        ),
        (
            lambda d: d['annotations'][4].update(bbox=[0, 0, float('nan'), 3]),
            r'5 has bbox \[0, 0, nan, 3\]',
        ),
        (lambda d: d['annotations'][4].update(bbox=7), '5 has bbox 7 instead'),
        (lambda d: d['annotations'][4].update(area=None), '5 has area None instead'),
        (lambda d: d['annotations'][4].update(id=2), 'two annotations have the id 2'),
        (lambda d: d['annotations'][4].pop('image_id'), 'has no image_id'),
        (lambda d: d['annotations'].append(None), 'annotation None is no JSON object'),
        (lambda d: d['images'][1].pop('height'), '2.jpg.* has no height'),
        (lambda d: d['images'][1].update(width=None), r'2 has .*\(None, 48\)'),
        (lambda d: d['images'][1].update(height='48'), r"2 has .*\(64, '48'\)"),
        (lambda d: d['images'][1].update(width=0), r'2 has .*\(0, 48\)'),
        (lambda d: d['images'][1].update(file_name=2), '2 has the file_name 2'),
        (lambda d: d['categories'][1].pop('name'), "'id': 5.* has no name"),
        (lambda d: d['categories'][1].update(name=5), '5 has the name 5 instead'),
        (lambda d: d.update(images=5), "its list 'images' is absent or empty"),
        (lambda d: d['images'][1].update(id=1), 'two images have the same id'),
        (lambda d: d['images'][1].update(id=[2]), r'has the id \[2\] instead'),
        (
            lambda d: d['annotations'][4].update(image_id={}),
            'has the image_id {} instead of a number',
        ),
        (
            lambda d: d['categories'].append(dict(id=9, name='cat')),
            'name a class twice',
        ),
        (
            lambda d: d['annotations'][0].update(iscrowd='0'),
            "iscrowd '0' instead of 0 or 1",
        ),
    ],
)
def test_contradictory_file(root, edit, message):
    change(root, edit)
    with pytest.raises(ValueError, match=f'ann.json.*{message}'):
        build(root)


def test_boxes_in_shares_of_the_image_are_told(root):
    def share(data):
        for ann in data['annotations']:
            x, y, w, h = ann['bbox']
            ann['bbox'] = [x / 98, y / 48, w / 98, h / 48]
        # All of the image, or the one box of a pixel.
        data['annotations'][0]['bbox'] = [0, 0, 1, 1]

    change(root, share)
    with pytest.raises(ValueError, match='are shares of the image'):
        build(root)


def test_boxes_that_cannot_be_seen_are_counted(root, monkeypatch):
    lines = []
    monkeypatch.setattr(coco, 'print_log', lambda message, **_: lines.append(message))
    build(root, classes=('dog', 'cow', 'cat'))
    assert len(lines) == 1
    assert 'ann.json: 2 boxes are left out' in lines[0]
    change(root, lambda d: d['annotations'][0].update(bbox=[1, 1, 0, 0]))
    build(root, classes=('dog', 'cow', 'cat'))
    assert '3 boxes are left out' in lines[1]


@pytest.mark.parametrize('text', ['{"images": [', '[]', ''])
def test_malformed_json(root, text):
    (root / 'ann.json').write_text(text)
    with pytest.raises(ValueError, match='ann.json.*(not valid JSON|COCO format)'):
        build(root)


def test_a_byte_order_mark_is_named(root):
    text = (root / 'ann.json').read_text()
    (root / 'ann.json').write_text(text, encoding='utf-8-sig')
    with pytest.raises(ValueError, match='ann.json.*byte order mark'):
        build(root)


def test_missing_files(root):
    (root / 'images/2.jpg').unlink()
    (root / 'images/4.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'2 of the 5 images.*2\.jpg, 4\.jpg'):
        build(root)
    (root / 'images').rename(root / 'pictures')
    with pytest.raises(FileNotFoundError, match='image folder .*images.*data_prefix'):
        build(root)
    (root / 'ann.json').unlink()
    with pytest.raises(FileNotFoundError, match='ann.json.*download_dataset.py'):
        build(root)


def test_nothing_left_for_training(root):
    with pytest.raises(ValueError, match='none of the 5 images .*filter_cfg'):
        build(root, filter_cfg=dict(min_size=1000))


@pytest.mark.parametrize('test_mode', [False, True])
@pytest.mark.parametrize('length', [0, 100, 300])
def test_damaged_image_is_named(root, test_mode, length):
    path = root / 'images/1.jpg'
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RuntimeError, match=r'images/1\.jpg.*cannot be loaded'):
        build(root, test_mode=test_mode)[0]
