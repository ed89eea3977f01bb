"""Training in bfloat16 by the optimiser's wrapper."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from mmdet.registry import OPTIM_WRAPPERS
from torch import nn, optim

import mmscanet  # noqa: F401  Registers the wrapper.


def test_the_forward_pass_is_in_bfloat16_and_the_weights_are_not() -> None:
    layer = nn.Linear(3, 2)
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='Bfloat16OptimWrapper',
            optimizer=optim.SGD(layer.parameters(), lr=0.5),
        )
    )
    before = layer.weight.clone()
    images = torch.rand(4, 3)
    with wrapper.optim_context(layer):
        out = layer(images)
    assert out.dtype == torch.bfloat16
    assert layer(images).dtype == torch.float32
    wrapper.update_params(out.float().sum())
    assert layer.weight.dtype == torch.float32
    # The gradient of the sum is the sum of the inputs, rounded to 8 bits.
    step = before - layer.weight
    torch.testing.assert_close(step[0], 0.5 * images.sum(0), rtol=0.02, atol=0)


def test_gradients_are_exchanged_when_they_are_used() -> None:
    """As with mmengine's own, by the ``no_sync`` of a distributed model."""
    layer = nn.Linear(3, 2)
    kept: list[str] = []

    @contextmanager
    def no_sync() -> Iterator[None]:
        kept.append('kept')
        yield

    layer.no_sync = no_sync
    wrapper = OPTIM_WRAPPERS.build(
        dict(
            type='Bfloat16OptimWrapper',
            optimizer=optim.SGD(layer.parameters(), lr=0.5),
            accumulative_counts=2,
        )
    )
    wrapper.initialize_count_status(layer, 0, 4)
    for expected in (['kept'], ['kept'], ['kept'] * 2, ['kept'] * 2):
        with wrapper.optim_context(layer):
            loss = layer(torch.rand(4, 3)).float().sum()
        wrapper.update_params(loss)
        assert kept == expected


@pytest.mark.parametrize(
    ('capabilities', 'warned'),
    [
        ({'avx2': True, 'avx512_bf16': False, 'amx_bf16': False}, True),
        ({'avx2': True, 'avx512_bf16': True, 'amx_bf16': False}, False),
        ({'neon': True, 'bf16': True}, False),
    ],
)
def test_a_cpu_that_emulates_it_is_named(
    capabilities: dict[str, bool],
    warned: bool,
    monkeypatch: pytest.MonkeyPatch,
    log: list[str],
) -> None:
    monkeypatch.setattr(torch.cpu, 'get_capabilities', lambda: capabilities)
    OPTIM_WRAPPERS.build(
        dict(
            type='Bfloat16OptimWrapper',
            optimizer=optim.SGD(nn.Linear(3, 2).parameters(), lr=0.5),
        )
    )
    assert sum('this CPU has no instructions' in line for line in log) == warned
