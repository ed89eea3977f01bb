"""What configs are called, and which are found without being named."""

from pathlib import Path

import pytest

from mmscanet.comparison import ConfigName, find_configs
from mmscanet.errors import UsageError


@pytest.mark.parametrize(
    ('name', 'parts'),
    [
        ('scanet_r18_fpn_shapes', ('scanet', 'r18', 'shapes')),
        ('scanet_plus_r18_fpn_shapes', ('scanet_plus', 'r18', 'shapes')),
        ('scanet_r18_fpn_shapes_object-only', ('scanet object-only', 'r18', 'shapes')),
        ('faster_rcnn_x101_coco', ('faster_rcnn', 'x101', 'coco')),
        (
            'resnet_gmp_mobilenetv2_voc07-val',
            ('resnet_gmp', 'mobilenetv2', 'voc07-val'),
        ),
    ],
)
def test_names_are_read(name, parts):
    assert ConfigName.parse(Path(f'deep/{name}.py')) == ConfigName(*parts)


def test_options_stand_in_for_a_name():
    assert ConfigName.parse(Path('pets.py'), 'r18', 'pets') == ConfigName(
        'pets', 'r18', 'pets'
    )
    with pytest.raises(UsageError, match='pets.py: .*--backbone and --dataset'):
        ConfigName.parse(Path('pets.py'), dataset='pets')
    with pytest.raises(UsageError, match="--dataset 'a/b'"):
        ConfigName.parse(Path('csra_r18_shapes.py'), dataset='a/b')


def test_all_peers_are_found(tmp_path):
    for path in (
        'configs/scanet/scanet_r18_fpn_shapes.py',
        'configs/scanet/scanet_r18_fpn_shapes_object-only.py',
        'configs/scanet/scanet_plus_r18_fpn_shapes.py',
        'configs/scanet/scanet_r18_fpn_coco.py',
        'projects/csra/configs/csra_r18_shapes.py',
        'projects/ab/configs/ab_r18_shapes.py',
        'projects/ab/configs/ab_r101_shapes.py',
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    found = find_configs(tmp_path, 'r18', 'shapes')
    assert [path.stem for path in found] == [
        *('scanet_r18_fpn_shapes', 'scanet_plus_r18_fpn_shapes'),
        *('ab_r18_shapes', 'csra_r18_shapes'),
    ]
    with pytest.raises(UsageError, match='--backbone r50 --dataset shapes: no config'):
        find_configs(tmp_path, 'r50', 'shapes')
