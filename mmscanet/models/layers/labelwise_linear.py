"""A linear classifier for each label, on a vector of its own."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from .prior_bias import prior_bias


class LabelwiseLinear(BaseModule):
    """Logits of labels that each have their own vector: ``w_c . x_c + b_c``.

    Unlike ``nn.Linear``, whose classifiers all read one vector, the classifier of
    label c reads vector c only.

    Args:
        num_classes: C.
        channels: D of a label's vector.
        prior: The probability that every score starts from, as SCANet's do.

    Raises:
        ConfigError: If ``prior`` is no probability between 0 and 1.
    """

    def __init__(self, num_classes: int, channels: int, prior: float = 0.01) -> None:
        super().__init__()
        self.prior = prior
        self.weight = nn.Parameter(torch.empty(num_classes, channels))
        self.bias = nn.Parameter(torch.empty(num_classes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights; set the biases so that scores start from the prior."""
        nn.init.normal_(self.weight, std=0.01)
        nn.init.constant_(self.bias, prior_bias(self.prior))

    def init_weights(self) -> None:
        """See ``BaseModule``; mmengine's initializers know only layers of torch."""
        self.reset_parameters()
        super().init_weights()

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (B, C) of ``vectors`` (B, C, D)."""
        return (vectors * self.weight).sum(-1) + self.bias
