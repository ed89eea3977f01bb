"""A training that has diverged is stopped before its checkpoint is saved."""

from types import SimpleNamespace

import pytest
import torch

from mmscanet.engine.hooks import FiniteLossHook
from mmscanet.errors import UsageError


def after(loss: float, iteration: int, batches: int, interval: int = 50) -> None:
    """Tell the hook of iteration ``iteration`` (from 0) of one epoch."""
    runner = SimpleNamespace(iter=iteration, train_dataloader=range(batches))
    outputs = dict(loss=torch.tensor(loss))
    FiniteLossHook(interval).after_train_iter(runner, iteration, outputs=outputs)


@pytest.mark.parametrize('loss', [float('nan'), float('inf')])
@pytest.mark.parametrize(('iteration', 'batches'), [(49, 400), (2, 3)])
def test_a_loss_that_is_no_number_is_refused(loss, iteration, batches):
    with pytest.raises(UsageError, match=rf'the loss is {loss} in iter.*diverged'):
        after(loss, iteration, batches)


def test_it_looks_now_and_then_only():
    after(float('nan'), iteration=48, batches=400)
    after(1e9, iteration=49, batches=400)
