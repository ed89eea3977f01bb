"""The base configs' data sets build, load and pack in a small official layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.datasets import CocoDataset, VOCDataset
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules
from mmengine.config import Config

import mmscanet  # noqa: F401

register_all_modules()
BASE = Path(__file__).parents[2] / 'configs/_base_/datasets'
COCO = CocoDataset.METAINFO['classes']
VOC = VOCDataset.METAINFO['classes']


def write_image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((60, 80, 3), 99, np.uint8))


def write_coco(root):
    (root / 'annotations').mkdir(parents=True)
    for split in ('train2017', 'val2017'):
        write_image(root / split / '000000000001.jpg')
        image = dict(id=1, file_name='000000000001.jpg', width=80, height=60)
        categories = [dict(id=i + 3, name=name) for i, name in enumerate(COCO)]
        ann = dict(
            id=1, image_id=1, category_id=82, bbox=[8, 6, 40, 30], area=9, iscrowd=0
        )
        data = dict(images=[image], annotations=[ann], categories=categories)
        path = root / f'annotations/instances_{split}.json'
        path.write_text(json.dumps(data))


def write_voc(root):
    voc = root / 'VOC2007'
    (voc / 'ImageSets/Main').mkdir(parents=True)
    (voc / 'Annotations').mkdir()
    write_image(voc / 'JPEGImages/000001.jpg')
    box = '<bndbox><xmin>9</xmin><ymin>7</ymin><xmax>49</xmax><ymax>37</ymax></bndbox>'
    # Every class occurs, the last one plainly, the others as difficult.
    objects = ''.join(
        f'<object><name>{name}</name><difficult>{int(name != VOC[-1])}</difficult>'
        f'{box}</object>'
        for name in VOC
    )
    size = '<size><width>80</width><height>60</height><depth>3</depth></size>'
    (voc / 'Annotations/000001.xml').write_text(
        f'<annotation>{size}{objects}</annotation>'
    )
    for split in ('train', 'val', 'trainval', 'test'):
        (voc / f'ImageSets/Main/{split}.txt').write_text('000001\n')


@pytest.mark.parametrize(
    ('name', 'write', 'classes', 'splits'),
    [
        ('coco', write_coco, COCO, ('train2017', 'val2017')),
        ('voc07', write_voc, VOC, ('trainval', 'test')),
    ],
)
def test_data_sets_of_base_config(tmp_path, name, write, classes, splits):
    write(tmp_path)
    config = Config.fromfile(BASE / f'{name}_multilabel.py')
    for stage, split in zip(('train', 'val'), splits, strict=True):
        settings = config[f'{stage}_dataloader'].dataset
        assert split in settings.ann_file
        dataset = DATASETS.build({**settings, 'data_root': str(tmp_path)})
        assert tuple(dataset.metainfo['classes']) == tuple(classes)
        packed = dataset[0]
        sample = packed['data_samples']
        assert packed['inputs'].shape == (3, 416, 416)
        assert sample.gt_score[-1] == 1 and (sample.gt_score == 1).sum() == 1
        boxes = sample.gt_instances.bboxes.tensor
        width = 40 if stage == 'val' else 40 * 416 / 80
        assert (boxes[:, 2] - boxes[:, 0]).tolist() == pytest.approx([width])
    assert config.test_dataloader == config.val_dataloader
    assert config.train_dataloader.batch_size == 2
    assert config.val_evaluator[0].type == 'MultiLabelMetric'
    assert config.test_evaluator == config.val_evaluator
