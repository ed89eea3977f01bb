"""A test pipeline becomes one of several views."""

import numpy as np
import pytest
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

from mmscanet.engine.test_time_aug import augment_pipeline, set_test_time_aug
from mmscanet.errors import ConfigError

RESIZE = dict(type='Resize', scale=(20, 10), keep_ratio=False)
PACK = dict(type='PackMultiLabelInputs', meta_keys=('ori_shape', 'img_shape'))


def test_a_view_a_size():
    image = np.zeros((10, 20, 3), np.uint8)
    with DefaultScope.overwrite_default_scope('mmscanet'):
        views = Compose(augment_pipeline([RESIZE, PACK], scales=(0.5, 1.0, 2.0)))(
            dict(img=image, img_shape=(10, 20), ori_shape=(10, 20))
        )
    sizes = [(5, 10), (10, 20), (20, 40)]
    assert [sample.img_shape for sample in views['data_samples']] == sizes
    assert [pixels.shape[1:] for pixels in views['inputs']] == sizes
    assert {sample.ori_shape for sample in views['data_samples']} == {(10, 20)}


def test_one_number_is_a_square():
    (*_, views) = augment_pipeline([dict(RESIZE, scale=10), PACK], scales=(0.5, 1.0))
    assert [each['scale'] for each in views['transforms'][0]] == [(5, 5), (10, 10)]


def test_the_pipeline_given_is_left_as_it_is():
    given = [RESIZE, PACK]
    augment_pipeline(given)
    assert given == [RESIZE, PACK]
    assert PACK['meta_keys'] == ('ori_shape', 'img_shape')


@pytest.mark.parametrize(
    'pipeline',
    [[PACK], [RESIZE, RESIZE, PACK], [dict(type='Resize', scale_factor=2.0), PACK]],
    ids=['none', 'two', 'no scale'],
)
def test_a_pipeline_without_one_resize_is_refused(pipeline):
    with pytest.raises(ConfigError, match='one Resize, which has a scale'):
        augment_pipeline(pipeline)


def test_what_the_config_says_itself_stays():
    cfg = Config(dict(tta_pipeline=[], tta_model=dict(type='Mine'), model=dict()))
    set_test_time_aug(cfg)
    assert cfg.tta_model.type == 'Mine' and cfg.tta_pipeline == []
    rcnn = dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=5)
    cfg = Config(
        dict(
            model=dict(test_cfg=dict(rcnn=rcnn)),
            test_dataloader=dict(dataset=dict(pipeline=[RESIZE, PACK])),
        )
    )
    set_test_time_aug(cfg)
    assert cfg.tta_model.tta_cfg == ConfigDict(rcnn)
    assert cfg.tta_pipeline[-1].type == 'TestTimeAug'
