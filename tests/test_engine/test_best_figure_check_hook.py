"""A figure to choose the best checkpoint by that no validation has."""

from types import SimpleNamespace

import pytest
from mmengine.hooks import CheckpointHook

from mmscanet.engine.hooks import BestFigureCheckHook
from mmscanet.errors import ConfigError

MEASURED = {'multi-label/mAP': 50.0, 'multi-label/OF1': 40.0, 'coco/bbox_mAP': 0.1}


def validate(metrics=MEASURED, **options):
    checkpoint = CheckpointHook(rule='greater', **options)
    runner = SimpleNamespace(hooks=[BestFigureCheckHook(), checkpoint])
    BestFigureCheckHook().after_val_epoch(runner, metrics)


@pytest.mark.parametrize(
    ('named', 'near'),
    [
        ('multi-label/map', 'multi-label/mAP'),
        (['multi-label/OF1', 'coco/mAP'], 'coco/bbox_mAP'),
    ],
)
def test_a_figure_that_is_not_measured_is_named_with_the_nearest(named, near):
    with pytest.raises(ConfigError, match=f'did you mean "{near}"'):
        validate(save_best=named)


@pytest.mark.parametrize('named', [None, 'auto', 'multi-label/OF1', list(MEASURED)])
def test_what_is_measured_passes(named):
    validate(save_best=named)


def test_nothing_is_asked_of_a_validation_without_figures():
    validate(metrics={}, save_best='multi-label/mAP')
