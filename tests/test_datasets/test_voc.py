import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmdet.utils import register_all_modules

import mmscanet  # noqa: F401

register_all_modules()
CLASSES = ('cat', 'dog', 'cow')
#: Image id -> (class, box, difficult) of its objects.
IMAGES = {
    '000001': [
        ('cat', (1, 1, 11, 21), 0),
        ('cat', (1, 1, 41, 31), 1),
        ('dog', (5, 5, 15, 15), 1),
    ],
    '000002': [('cow', (11, 11, 41, 31), 1)],
    '000003': [('cow', (1, 1, 11, 11), 0), ('dog', (9, 9, 9, 20), 0)],
    '000004': [],
}


def xml(objects):
    rows = ''.join(
        f'<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>'
        f'<xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>'
        f'<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>'
        for name, box, difficult in objects
    )
    size = '<size><width>64</width><height>48</height><depth>3</depth></size>'
    return f'<annotation>{size}{rows}</annotation>'


@pytest.fixture
def root(tmp_path):
    voc = tmp_path / 'VOC2007'
    for folder in ('JPEGImages', 'Annotations', 'ImageSets/Main'):
        (voc / folder).mkdir(parents=True)
    for name, objects in IMAGES.items():
        picture = np.full((48, 64, 3), 99, np.uint8)
        cv2.imwrite(str(voc / f'JPEGImages/{name}.jpg'), picture)
        (voc / f'Annotations/{name}.xml').write_text(xml(objects))
    (voc / 'ImageSets/Main/train.txt').write_text('\n'.join(IMAGES) + '\n')
    return tmp_path


def build(root, classes=CLASSES, **kwargs):
    return DATASETS.build(
        dict(
            type='MultiLabelVOCDataset',
            data_root=str(root),
            ann_file='VOC2007/ImageSets/Main/train.txt',
            data_prefix=dict(sub_data_root='VOC2007/'),
            metainfo=dict(classes=classes),
            pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations', with_bbox=True),
                dict(type='PackMultiLabelInputs'),
            ],
            serialize_data=False,  # it would run a garbage collection each time
            **kwargs,
        )
    )


@pytest.mark.parametrize('test_mode', [False, True])
def test_difficult_alone_is_not_scored(root, test_mode):
    dataset = build(root, test_mode=test_mode)
    infos = [dataset.get_data_info(i) for i in range(4)]
    assert np.stack([info['gt_score'] for info in infos]).tolist() == [
        [1, -1, 0],
        [0, 0, -1],
        [0, 0, 1],
        [0, 0, 0],
    ]
    # The larger, difficult cat does not give the label its size.
    assert infos[0]['gt_area'].tolist() == [10 * 20, 0, 0]
    assert [i['ignore_flag'] for i in infos[0]['instances']] == [0, 1, 1]


def test_box_without_area_is_dropped(root):
    sample = build(root)[2]['data_samples']
    assert sample.gt_instances.bboxes.tensor.tolist() == [[0, 0, 10, 10]]


def test_small_boxes_keep_their_label(root):
    dataset = build(root, filter_cfg=dict(bbox_min_size=32))
    info = dataset.get_data_info(2)
    assert [i['ignore_flag'] for i in info['instances']] == [1]
    assert info['gt_score'].tolist() == [0, 0, 1]


def test_training_drops_images_without_any_label(root):
    dataset = build(root, filter_cfg=dict(filter_empty_gt=True, min_size=32))
    names = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    assert names == ['000001', '000002', '000003']


def test_the_metric_still_learns_the_year(root):
    assert build(root).metainfo['dataset_type'] == 'VOC2007'


def test_classes(root):
    with pytest.raises(ValueError, match='Only in the annotations: cow, dog'):
        build(root, ('cat',))
    info = build(root, ('cat',), allow_extra_classes=True).get_data_info(0)
    assert info['gt_score'].tolist() == [1] and len(info['instances']) == 2
    with pytest.raises(ValueError, match='Only in the config: emu'):
        build(root, (*CLASSES, 'emu'))
    with pytest.raises(ValueError, match=r"is written classes=\('cat',\)"):
        build(root, 'cat')
    # A small test split may lack a class.
    assert len(build(root, (*CLASSES, 'emu'), test_mode=True)) == 4


@pytest.mark.parametrize(
    'text',
    [
        '<annotation><object>',
        '',
        '<annotation><object><name>cat</name></object></annotation>',
        xml([('cat', ('one', 1, 2, 2), 0)]),
        xml([('cat', (1, 1, 2, 2), 'maybe')]),
    ],
)
def test_malformed_xml_is_named(root, text):
    (root / 'VOC2007/Annotations/000003.xml').write_text(text)
    with pytest.raises(ValueError, match=r'000003\.xml.*not a usable VOC annotation'):
        build(root)


def test_missing_files(root):
    voc = root / 'VOC2007'
    (voc / 'JPEGImages/000002.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of the 4 images.*000002\.jpg'):
        build(root)
    (voc / 'Annotations/000003.xml').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of the 4 annot.*000003\.xml'):
        build(root)
    (voc / 'ImageSets/Main/train.txt').write_text('\n')
    with pytest.raises(ValueError, match=r'train\.txt.*empty'):
        build(root)
    (voc / 'ImageSets/Main/train.txt').unlink()
    with pytest.raises(FileNotFoundError, match=r'train\.txt.*download_dataset\.py'):
        build(root)
