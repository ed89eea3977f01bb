"""A graph convolutional network over labels."""

from itertools import pairwise

from mmengine.model import ModuleList
from torch import Tensor
from torch.nn import functional as F

from .graph_convolution import GraphConvolution


class LabelGCN(ModuleList):
    """Graph convolutions with LeakyReLU of slope 0.2 between them.

    Z. Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks",
    CVPR 2019.

    Args:
        *channels: Width of the nodes before the first layer and after each.
    """

    def __init__(self, *channels: int) -> None:
        super().__init__(GraphConvolution(*widths) for widths in pairwise(channels))

    def forward(self, nodes: Tensor, adjacency: Tensor) -> list[Tensor]:
        """The nodes (C, D_l) after each layer, of ``nodes`` (C, D).

        The last layer's are as it gives them, those of the others after LeakyReLU.
        ``adjacency`` is that of :class:`GraphConvolution`.
        """
        outputs = []
        for layer in self:
            if outputs:
                nodes = outputs[-1] = F.leaky_relu(outputs[-1], 0.2)
            outputs.append(layer(nodes, adjacency))
        return outputs
