"""The dense nets that process a patch."""

import torch.nn.functional as F
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmscanet.models.layers.prior_bias import prior_bias


@MODELS.register_module()
class MultiLabelBBoxHead(Shared2FCBBoxHead):
    """Regressor, patch classifier and label predictor on one trunk (Sec. 2.4).

    Two fully connected layers feed up to three linear ones:

    - ``fc_reg``, the location regressor: 4 box deltas, the same for all labels
      unless ``reg_class_agnostic=False``, trained by smooth L1 (Eq. 2 and 3);
    - ``fc_patch``, the patch classifier: 1 logit, whether there is an object at
      all, trained by binary cross entropy (Eq. 4, whose printed sign is a slip);
    - ``fc_cls``, the label predictor: C logits (Eq. 5).

    SCANet has two such heads: the object branch has all three, the context
    branch the label predictor only.

    Args:
        with_patch: Whether there is a patch classifier.
        prior: The probability that the logits of the patch classifier and of the
            label predictor start from; most labels are absent from most patches.
        loss_cls: The loss of the label predictor.
        **kwargs: Those of :class:`Shared2FCBBoxHead`, such as ``with_cls``
            (the label predictor), ``with_reg`` and ``num_classes``.

    Raises:
        ConfigError: If ``prior`` is no probability between 0 and 1.
    """

    def __init__(
        self,
        *args: object,
        with_patch: bool = True,
        prior: float = 0.01,
        loss_cls: ConfigType | None = None,
        init_cfg: OptMultiConfig = None,
        **kwargs: object,
    ) -> None:
        kwargs.setdefault('reg_class_agnostic', True)
        super().__init__(
            *args,
            loss_cls=loss_cls or dict(type='PatchLabelLoss'),
            init_cfg=init_cfg,
            **kwargs,
        )
        self.with_patch = with_patch
        if with_patch:
            self.fc_patch = nn.Linear(self.shared_out_channels, 1)
        if init_cfg is None:
            bias = prior_bias(prior)
            self.init_cfg += [
                dict(type='Normal', std=0.01, bias=bias, override=dict(name=name))
                for name in ('fc_cls', 'fc_patch')
                if hasattr(self, name)
            ]

    def forward(self, x: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Process the features (N, D, h, w) of N patches; see :meth:`nets`."""
        return self.nets(self.trunk(x))

    def trunk(self, x: Tensor) -> Tensor:
        """The features (N, D, h, w) of N patches as vectors (N, fc_out_channels)."""
        x = x.flatten(1)
        for fc in self.shared_fcs:
            x = F.relu(fc(x))
        return x

    def nets(self, x: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Run the nets on the trunk's vectors (N, fc_out_channels).

        Returns:
            Label logits (N, C), box deltas (N, 4), or (N, C * 4) with 4 a label, and
            patch logits (N,); ``None`` for a net that the head does not have.
        """
        return (
            self.fc_cls(x) if self.with_cls else None,
            self.fc_reg(x) if self.with_reg else None,
            self.fc_patch(x).squeeze(1) if self.with_patch else None,
        )

    def patch_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Eq. 4, averaged over patches.

        Args:
            logits: (N,), of the patch classifier.
            target: (N,), 1 where the patch overlaps a ground-truth box at an IoU
                that makes it positive, else 0.

        Returns:
            A scalar; 0 for N = 0.
        """
        loss = F.binary_cross_entropy_with_logits(
            logits, target.to(logits.dtype), reduction='sum'
        )
        return loss / max(len(logits), 1)
