"""Weights that have seen the pictures they are measured on."""

import pytest
from mmengine.config import Config

from mmscanet.comparison.overlap import (
    PARTS,
    SPLITS,
    count_seen,
    find_overlaps,
    training_split,
)

MMDET = (
    'https://download.openmmlab.com/mmdetection/v2.0/faster_rcnn/'
    'faster_rcnn_r50_fpn_1x_coco/faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth'
)


def config(ann_file: str, **model: object) -> Config:
    dataset = dict(type='MultiLabelCocoDataset', ann_file=ann_file)
    # As in VOC configs, behind a wrapper.
    wrapped = dict(type='RepeatDataset', times=1, dataset=dataset)
    return Config(dict(model=model, test_dataloader=dict(dataset=wrapped)))


def test_the_declared_numbers_add_up():
    sizes = {name: sum(PARTS[part] for part in parts) for name, parts in SPLITS.items()}
    assert sizes['COCO val2014'] == 40_504
    assert sizes['COCO train2017'] == 118_287
    assert sizes['COCO train2014'] + sizes['COCO val2014'] == (
        sizes['COCO train2017'] + sizes['COCO val2017']
    )
    assert sizes['VOC 2007 trainval'] == 5_011


@pytest.mark.parametrize(
    ('weights', 'split'),
    [
        (MMDET, 'COCO train2017'),
        (
            'detectron2://COCO-Detection/faster_rcnn_R_50_C4/f.pkl',
            'COCO train2017',
        ),
        ('fasterrcnn_resnet50_fpn_coco-258fb6c6.pth', 'COCO train2017'),
        ('weights/faster_rcnn_r50_fpn_1x_voc0712_2.pth', 'VOC 2007 trainval'),
        ('torchvision://resnet101', None),
        ('data/coco/resnet18.pth', None),  # the folder says nothing of the file
        ('cocoon.pth', None),
    ],
)
def test_weights_are_known_by_name(weights, split):
    assert training_split(weights) == split


def test_a_coco_detector_has_seen_most_of_val2014():
    cfg = config('annotations/instances_val2014.json')
    cfg.load_from = MMDET
    (overlap,) = find_overlaps(cfg)
    assert (overlap.images, overlap.of) == (35_504, 40_504)
    assert '35,504 of the 40,504 pictures of COCO val2014' in str(overlap)


def test_weights_inside_the_model_are_found_once():
    init_cfg = dict(type='Pretrained', checkpoint=MMDET, prefix='backbone')
    cfg = config(
        'annotations/instances_val2014_small.json',
        backbone=dict(init_cfg=init_cfg),
        neck=dict(init_cfg=init_cfg),
    )
    assert len(find_overlaps(cfg)) == 1


def test_pictures_that_several_weights_have_seen_count_once():
    cfg = config(
        'annotations/instances_val2014.json',
        backbone=dict(pretrained='another_coco_detector.pth'),
    )
    cfg.load_from = MMDET
    overlaps = find_overlaps(cfg)
    assert len(overlaps) == 2
    assert count_seen(overlaps) == 35_504


@pytest.mark.parametrize(
    ('ann_file', 'weights', 'images'),
    [
        ('VOC2007/ImageSets/Main/val.txt', 'ssd300_voc0712_1.pth', 2_510),
        ('VOC2007/ImageSets/Main/test.txt', 'ssd300_voc0712_1.pth', 0),
        ('VOC2007/ImageSets/Main/test.txt', MMDET, 0),
        ('annotations/instances_val2017.json', MMDET, 0),
        ('annotations/mine.json', MMDET, 0),
        ('annotations/instances_val2014.json', 'torchvision://resnet18', 0),
    ],
)
def test_overlap_is_counted(ann_file, weights, images):
    cfg = config(ann_file, backbone=dict(pretrained=weights))
    assert count_seen(find_overlaps(cfg)) == images
