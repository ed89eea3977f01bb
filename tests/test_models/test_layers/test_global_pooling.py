"""Pooling over a feature map."""

import pytest
import torch

from mmscanet.errors import ConfigError
from mmscanet.models.layers import GlobalPooling


@pytest.mark.parametrize(
    ('pool', 'vector'), [('max', [4.0, -1.0]), ('avg', [2.0, -2.5])]
)
def test_each_channel_is_pooled(pool, vector):
    x = torch.tensor([[[[1.0, 4.0], [3.0, 0.0]], [[-1.0, -2.0], [-3.0, -4.0]]]])
    assert GlobalPooling(pool)(x).tolist() == [vector]


def test_unknown_pooling_is_named():
    with pytest.raises(ConfigError, match="'max', 'avg'.*not 'sum'"):
        GlobalPooling('sum')
