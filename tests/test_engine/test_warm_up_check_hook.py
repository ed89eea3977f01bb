"""A warm-up that takes most of a training is told of."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import CosineAnnealingLR, LinearLR

from mmscanet.engine.hooks import WarmUpCheckHook


@pytest.fixture
def warnings_of(caplog):
    def run(max_iters, in_dict=False, **warm_up):
        optimizer = torch.optim.SGD(torch.nn.Linear(1, 1).parameters(), lr=0.1)
        warm_up = dict(start_factor=0.01, by_epoch=False, end=100) | warm_up
        schedulers = [LinearLR(optimizer, **warm_up), CosineAnnealingLR(optimizer, 9)]
        caplog.clear()
        WarmUpCheckHook().before_train(
            SimpleNamespace(
                param_schedulers=dict(all=schedulers) if in_dict else schedulers,
                max_iters=max_iters,
                logger=logging.getLogger('test'),
            )
        )
        return caplog.text

    return run


@pytest.mark.parametrize('in_dict', [False, True])
def test_most_of_the_training_is_told(warnings_of, in_dict):
    said = 'warms up for 100 iterations, and the training has 199'
    assert said in warnings_of(199, in_dict)
    assert not warnings_of(200, in_dict)


def test_what_falls_or_counts_epochs_is_no_warm_up(warnings_of):
    assert not warnings_of(10, start_factor=1.0, end_factor=0.1)
    assert not warnings_of(10, by_epoch=True)


def test_a_training_without_a_schedule():
    runner = SimpleNamespace(param_schedulers=None, max_iters=10)
    WarmUpCheckHook().before_train(runner)
