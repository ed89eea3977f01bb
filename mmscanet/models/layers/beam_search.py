"""How probable a label is in the sequences that a model would name."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .label_sequence import next_log_prob

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State], tuple[Tensor, State]]

# A path less probable than this is given up: going on would change no score by more.
LEAST_PROBABILITY = 1e-6


def label_marginals(step: Step, state: State, start: int, width: int) -> Tensor:
    r"""The probability of each label to be named at all, by beam search.

    A path is a beginning of a sequence. The beam keeps the ``width`` most probable
    paths of each length; a label that a path has is not named again. A model names c
    after exactly one path without c, or never, so that

    .. math:: P(c) = \sum_{\text{paths } s \text{ without } c} P(s) P(c \mid s).

    The sum is taken over the paths of the beam. It is exact where the beam holds all
    paths and otherwise too small, and ranks labels that no path of the beam has too.

    Args:
        step: Takes the last tokens (N,) of N paths and their state. Gives the logits
            (N, C + 1) of the labels and of the end, and the state after.
        state: Tensors (N, ...) before the first token, where N is B images times
            ``width``, those of an image one after the other.
        start: The token that every path begins with.
        width: The paths of an image.

    Returns:
        (B, C), in [0, 1].
    """
    paths = len(state[0])
    first_row = torch.arange(0, paths, width, device=state[0].device)[:, None]
    tokens = first_row.new_full((paths,), start)
    logits, state = step(tokens, state)
    images, num_classes = len(first_row), logits.shape[1] - 1
    named = logits.new_zeros(images, width, num_classes, dtype=torch.bool)
    # One path of length 0; the others do not exist yet.
    log_prob = logits.new_full((images, width), -torch.inf, dtype=torch.float)
    log_prob[:, 0] = 0
    marginals = 0
    for length in range(1, num_classes + 1):
        following = next_log_prob(logits.view(images, width, -1), named)
        grown = log_prob[..., None] + following[..., :-1]
        marginals = marginals + grown.exp().sum(1)
        # Not topk: of equal paths the first is taken, on every device.
        best, index = grown.flatten(1).sort(dim=1, descending=True, stable=True)
        log_prob, index = best[:, :width], index[:, :width]
        lost = log_prob < math.log(LEAST_PROBABILITY)
        log_prob = log_prob.masked_fill(lost, -torch.inf)
        if length == num_classes or lost.all():
            break
        rows = (first_row + index // num_classes).flatten()
        tokens = (index % num_classes).flatten()
        named = named.flatten(0, 1)[rows].scatter(1, tokens[:, None], True)
        named = named.view(images, width, num_classes)
        logits, state = step(tokens, tuple(each[rows] for each in state))
    return marginals.clamp(max=1)
