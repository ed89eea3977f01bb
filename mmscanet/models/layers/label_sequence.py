"""The labels of an image as a sequence, for heads that name them one by one.

With C labels the tokens of a sequence are 0 to C - 1, the labels, and C, the end.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def frequent_first(count: Tensor) -> Tensor:
    """The order (C,) in which an image's labels are named, of their counts (C,).

    Labels that occur equally often keep their order.
    """
    return count.argsort(descending=True, stable=True)


def label_sequences(cells: Tensor, order: Tensor) -> Tensor:
    """The labels of each image as a sequence, filled up with ends.

    Args:
        cells: (B, C): 1 present, 0 absent, -1 not scored, which is not in the sequence.
        order: (C,), see :func:`frequent_first`.

    Returns:
        Tokens (B, T), with T - 1 labels in the image that has most.
    """
    num_classes = cells.shape[1]
    present = cells[:, order] > 0
    length = present.sum(1, keepdim=True)
    # A stable sort brings the present labels to the front and keeps their order.
    front = present.char().argsort(dim=1, descending=True, stable=True)
    place = torch.arange(num_classes, device=cells.device)
    tokens = order[front].where(place < length, num_classes)
    return F.pad(tokens, (0, 1), value=num_classes)[:, : int(length.max()) + 1]


def next_log_prob(logits: Tensor, barred: Tensor) -> Tensor:
    """Log probabilities (..., C + 1) of the next token, in full precision.

    Args:
        logits: (..., C + 1), of the C labels and of the end.
        barred: (..., C) bool, labels that cannot be next: they are out of the softmax
            and have probability 0.
    """
    barred = torch.cat((barred, torch.zeros_like(barred[..., :1])), -1)
    return logits.float().masked_fill(barred, -torch.inf).log_softmax(-1)
