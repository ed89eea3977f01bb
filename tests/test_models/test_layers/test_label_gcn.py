"""Label graphs as weights of a graph convolution, and layers of it."""

import pytest
import torch

from mmscanet.models.layers import LabelGCN, share_with_neighbours


def test_a_label_shares_in_proportion_to_its_edges():
    edges = torch.tensor([[5.0, 1.0, 3.0], [0.0, 0.0, 2.0], [0.0, 0.0, 9.0]])
    expected = [[0.6, 0.1, 0.3], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]
    assert torch.allclose(share_with_neighbours(edges, 0.4), torch.tensor(expected))
    assert edges[0, 0] == 5


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
def test_rows_sum_to_one_whatever_the_edges(share):
    edges = torch.rand(5, 5) * 1e-30
    edges[2] = 0
    for each in (edges, edges > 0, torch.zeros(5, 5), torch.eye(5)):
        weights = share_with_neighbours(each, share)
        assert torch.allclose(weights.sum(1), torch.ones(5))
        assert (weights >= 0).all()


def test_each_layer_reads_the_activated_one_before():
    gcn = LabelGCN(3, 4, 5, 2)
    nodes, adjacency = torch.randn(6, 3), torch.rand(6, 6)
    first, second, third = gcn(nodes, adjacency)
    expected = nodes
    for layer, output in zip(gcn, (first, second, third), strict=True):
        expected = adjacency @ layer.linear(expected)
        if output is not third:
            expected = torch.where(expected > 0, expected, 0.2 * expected)
        assert torch.allclose(output, expected, atol=1e-6)
    assert (first < 0).any() and (third < 0).any()
