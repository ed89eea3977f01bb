"""A layer over the nodes of a graph."""

from mmengine.model import BaseModule
from torch import Tensor, nn


class GraphConvolution(BaseModule):
    """One layer of a graph convolutional network, without its non-linearity.

    T. Kipf and M. Welling, "Semi-Supervised Classification with Graph Convolutional
    Networks", ICLR 2017, Eq. 2, with a bias.

    Args:
        in_channels: D of a node before the layer.
        out_channels: D' of a node after it.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(init_cfg=dict(type='Xavier', layer='Linear'))
        self.linear = nn.Linear(in_channels, out_channels)

    def forward(self, nodes: Tensor, adjacency: Tensor) -> Tensor:
        """Nodes (..., C, D') of nodes (..., C, D) and an ``adjacency`` (C, C).

        Row i of ``adjacency`` weighs the nodes that node i takes up; it is to be
        normalised already.
        """
        return adjacency.to(nodes.dtype) @ self.linear(nodes)
