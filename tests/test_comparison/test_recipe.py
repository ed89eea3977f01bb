"""What is trained alike has one recipe, whatever the model and the machine."""

import copy

import pytest
from mmengine.config import Config

from mmscanet.comparison.recipe import recipe
from mmscanet.engine.launch import set_data_root

BACKBONE = dict(
    type='ResNet',
    depth=18,
    init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet18'),
)
CFG = dict(
    model=dict(
        type='SCANet',
        data_preprocessor=dict(mean=[1, 2, 3]),
        backbone=BACKBONE,
        roi_head=dict(num_classes=2),
    ),
    train_dataloader=dict(
        batch_size=8,
        num_workers=1,
        dataset=dict(
            type='RepeatDataset',
            dataset=dict(data_root='data', pipeline=[dict(type='Flip', prob=0.5)]),
        ),
    ),
    train_cfg=dict(max_epochs=4, val_interval=1),
    optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.1)),
    param_scheduler=[dict(type='LinearLR', end=9, _scope_='mmdet')],
    custom_hooks=[dict(type='StagedTrainingHook', switch_epoch=1)],
)


def make(**options: object) -> Config:
    cfg = Config(copy.deepcopy(CFG))
    cfg.merge_from_dict(options)
    return cfg


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('optim_wrapper.optimizer.lr', 0.05),
        ('param_scheduler.0.end', 10),
        ('custom_hooks.0.switch_epoch', 2),
        ('train_cfg.max_epochs', 5),
        ('train_dataloader.batch_size', 4),
        ('train_dataloader.dataset.dataset.pipeline.0.prob', 0.4),
        ('model.data_preprocessor.mean', [0, 0, 0]),
        ('model.backbone.depth', 34),
        ('model.backbone.init_cfg', None),
    ],
)
def test_recipe_is_of(key, value):
    assert recipe(make(**{key: value})) != recipe(make())


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('model.type', 'MultiLabelClassifier'),
        ('model.roi_head.num_classes', 3),
        ('model.backbone.init_cfg.checkpoint', 'weights/mine.pth'),
        ('train_dataloader.num_workers', 2),
        ('train_cfg.val_interval', 2),
        ('param_scheduler.0._scope_', 'mmengine'),
        ('work_dir', 'elsewhere'),
    ],
)
def test_recipe_is_not_of(key, value):
    assert recipe(make(**{key: value})) == recipe(make())


def test_recipe_is_the_same_where_the_data_lie_elsewhere():
    cfg = make()
    set_data_root(cfg, 'elsewhere')
    assert recipe(cfg) == recipe(make())


def test_recipe_stays_the_same_in_later_versions():
    """Rows of earlier comparisons have it in their files."""
    assert recipe(make()) == '1ac2f218ccb4'
