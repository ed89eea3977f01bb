"""Edges between labels as the weights of a graph convolution."""

import torch
from torch import Tensor


def share_with_neighbours(edges: Tensor, share: float) -> Tensor:
    """Let each label take ``share`` from its neighbours and keep the rest of itself.

    Z. Chen et al., "Multi-Label Image Recognition with Graph Convolutional Networks",
    CVPR 2019, Eq. 8, where all edges weigh the same. Each row sums to 1: it needs no
    further normalisation. A label without neighbours keeps all.

    Args:
        edges: (C, C), at least 0: how much label j is a neighbour of label i, at
            [i, j]. The diagonal does not matter.
        share: What a label takes from its neighbours in all, in [0, 1].
    """
    edges = edges.float().clone().fill_diagonal_(0)
    total = edges.sum(1)
    some = total > 0
    weights = share * edges / torch.where(some, total, 1.0)[:, None]
    return weights + torch.where(some, 1 - share, 1.0).diag()
