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

    ``focus_present`` and ``focus_absent`` give easy labels less weight: the cell of a
    present label has the factor :math:`(1 - \hat y)` to the power of the former, that
    of an absent one :math:`\hat y` to the power of the latter. Both 2 is the focal loss
    (T.-Y. Lin et al., ICCV 2017) without its alpha; the latter alone is the asymmetric
    loss (T. Ridnik et al., ICCV 2021) without its margin. The paper has neither (0).

    The loss is summed over the C labels, as in Eq. 5, and averaged over patches.

    Args:
        reading: One of ``off``, ``prob``, ``logit``.
        sigma: The weighting factor, in (0, 1]. Unused when ``reading='off'``.
        focus_present, focus_absent: See above.

    Raises:
        ConfigError: If ``reading`` or ``sigma`` is not one of those named or a focus
            is below 0.
    """

    # Tells mmdet's BBoxHead that C labels need C logits, with no background.
    custom_cls_channels = True

    def __init__(
        self,
        reading: str = 'off',
        sigma: float = 0.5,
        focus_present: float = 0.0,
        focus_absent: float = 0.0,
    ) -> None:
        super().__init__()
        if reading not in SIGMA_READINGS:
            raise ConfigError(
                f'reading must be one of {SIGMA_READINGS}, not {reading!r}'
            )
        if not 0 < sigma <= 1:
            raise ConfigError(f'sigma must be in (0, 1], not {sigma}')
        if min(focus_present, focus_absent) < 0:
            raise ConfigError(
                'focus_present and focus_absent must be at least 0, not '
                f'{focus_present} and {focus_absent}'
            )
        self.reading = reading
        self.sigma = sigma
        self.focus_present, self.focus_absent = focus_present, focus_absent

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
    ) -> Tensor:
        """The loss of N patches.

        Args:
            logits: (N, C).
            target: (N, C), 1 where the patch has the label and 0 elsewhere.
            weight: (N, C), 0 where it is not known whether the label is there.

        Returns:
            A scalar; 0 (with a gradient of 0) for N = 0.
        """
        # In full precision, as the confidences are.
        logits = logits.float()
        target = target.to(logits.dtype)
        if self.reading == 'prob':
            # log(s * sigmoid(z)) = log(s) + logsigmoid(z), exact for large -z.
            log_sigma = logits.new_tensor(self.sigma).log()
            log_rest = logits.new_tensor(1 - self.sigma).log()
            log_present = log_sigma + F.logsigmoid(logits)
            # log(1 - s + s * sigmoid(-z)) as a sum of exponentials, exact for large z.
            log_absent = torch.logaddexp(log_rest, log_sigma + F.logsigmoid(-logits))
            loss = -(target * log_present + (1 - target) * log_absent)
        else:
            loss = F.binary_cross_entropy_with_logits(
                self._scale(logits), target, reduction='none'
            )
        if self.focus_present or self.focus_absent:
            score = torch.sigmoid(self._scale(logits))
            # The power of an exact 0 has no finite slope.
            loss = loss * torch.where(
                target > 0,
                (1 - score).clamp(min=1e-6) ** self.focus_present,
                score.clamp(min=1e-6) ** self.focus_absent,
            )
        if weight is not None:
            loss = loss * weight
        return loss.sum() / max(len(logits), 1)

    def _scale(self, logits: Tensor) -> Tensor:
        return logits * self.sigma if self.reading == 'logit' else logits
