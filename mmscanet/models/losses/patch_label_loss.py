"""The label-prediction loss of SCANet, Eq. 5."""

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmscanet.errors import ConfigError

SIGMA_READINGS = ('off', 'prob', 'logit')


@MODELS.register_module()
class PatchLabelLoss(nn.Module):
    r"""Binary cross entropy over the labels of a patch, with sigma of Eq. 5.

    Eq. 5 of the paper reads
    :math:`\sum_i y^i \log \sigma\hat y^i + (1 - y^i) \log (1 - \sigma\hat y^i)`.
    Its sign is a slip: the negative is minimised. What the paper's ``sigma``
    (fixed there to 0.5) acts on is open, so there are three readings, with
    :math:`z` the logit of a label:

    - ``off``: :math:`\hat y = \mathrm{sigmoid}(z)`, no sigma;
    - ``prob``: the literal one, ``log(sigma * sigmoid(z))`` and
      ``log(1 - sigma * sigmoid(z))``. The gradient of a confident wrong
      label is damped, as its loss is bounded by ``-log(1 - sigma)``;
    - ``logit``: :math:`\hat y = \mathrm{sigmoid}(\sigma z)`, a temperature.

    The loss is summed over the C labels, as in Eq. 5, and averaged over patches.

    Args:
        reading: One of ``off``, ``prob``, ``logit``.
        sigma: The weighting factor, in (0, 1]. Unused when ``reading='off'``.
        loss_weight: A factor on the loss.

    Raises:
        ConfigError: If ``reading`` or ``sigma`` is not one of those named.
    """

    # Tells mmdet's BBoxHead that C labels need C logits, with no background.
    custom_cls_channels = True

    def __init__(
        self, reading: str = 'off', sigma: float = 0.5, loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if reading not in SIGMA_READINGS:
            raise ConfigError(
                f'reading must be one of {SIGMA_READINGS}, not {reading!r}'
            )
        if not 0 < sigma <= 1:
            raise ConfigError(f'sigma must be in (0, 1], not {sigma}')
        self.reading = reading
        self.sigma = sigma
        self.loss_weight = loss_weight

    def get_cls_channels(self, num_classes: int) -> int:
        """How many logits ``num_classes`` labels need: one each."""
        return num_classes

    def get_activation(self, logits: Tensor) -> Tensor:
        """Turn logits (N, C) into the confidences y-hat (N, C), in [0, 1].

        In full precision: half precision would make ties of high scores.
        """
        return torch.sigmoid(self._scale(logits.float()))

    def forward(
        self,
        logits: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
    ) -> Tensor:
        """The loss of N patches.

        Args:
            logits: (N, C).
            target: (N, C), 1 where the patch has the label and 0 elsewhere.
            weight: (N, C), 0 where it is not known whether the label is there.
            avg_factor: What the sum is divided by; N by default.

        Returns:
            A scalar; 0 (with a gradient of 0) for N = 0.
        """
        target = target.to(logits.dtype)
        if self.reading == 'prob':
            # log(s * sigmoid(z)) = log(s) + logsigmoid(z), exact for large -z.
            log_present = F.logsigmoid(logits) + torch.log(
                logits.new_tensor(self.sigma)
            )
            # At sigma = 1 the argument of the logarithm may round to 0.
            absent = (1 - self.sigma * torch.sigmoid(logits)).clamp(min=1e-7)
            log_absent = absent.log()
            loss = -(target * log_present + (1 - target) * log_absent)
        else:
            loss = F.binary_cross_entropy_with_logits(
                self._scale(logits), target, reduction='none'
            )
        if weight is not None:
            loss = loss * weight
        if avg_factor is None:
            avg_factor = len(logits)
        return self.loss_weight * loss.sum() / max(avg_factor, 1)

    def _scale(self, logits: Tensor) -> Tensor:
        return logits * self.sigma if self.reading == 'logit' else logits
