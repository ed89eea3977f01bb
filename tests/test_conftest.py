"""The fixtures that hold for all tests do what they promise."""

import socket
import urllib.request

import numpy as np
import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.registry import DefaultScope


def test_network_is_out_of_reach() -> None:
    with pytest.raises(
        RuntimeError, match=r'reached for the network: example\.invalid'
    ):
        urllib.request.urlopen('http://example.invalid/weights.pth')


def test_loopback_is_within_reach() -> None:
    with socket.create_server(('127.0.0.1', 0)) as server:
        socket.create_connection(('localhost', server.getsockname()[1])).close()


@pytest.mark.parametrize('run', [1, 2])
def test_each_test_starts_alike(run: int) -> None:
    """The second run sees nothing of the first."""
    assert DefaultScope.get_current_instance().scope_name == 'mmdet'
    assert not MessageHub.check_instance_created('left-behind')
    MessageHub.get_instance('left-behind')
    DefaultScope.get_instance('left-behind', scope_name='mmpretrain')
    drawn = torch.rand(1).item(), np.random.rand()  # noqa: NPY002
    assert drawn == pytest.approx((0.4962566, 0.5488135))
