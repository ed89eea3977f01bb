"""The dense nets that process a patch."""

import torch.nn.functional as F
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, OptMultiConfig
from mmengine.model import bias_init_with_prob
from torch import Tensor, nn


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
        deep_channels: D of the backbone's last feature map, if the trunk reads each
            patch from it too, see :meth:`trunk`. The paper's does not (0).
        prior: The probability that the logits of the patch classifier and of the
            label predictor start from; most labels are absent from most patches.
        loss_cls: The loss of the label predictor.
        **kwargs: Those of :class:`Shared2FCBBoxHead`, such as ``with_cls``
            (the label predictor), ``with_reg`` and ``num_classes``.
    """

    def __init__(
        self,
        *args: object,
        with_patch: bool = True,
        deep_channels: int = 0,
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
        self.with_deep = deep_channels > 0
        if self.with_deep:
            self.deep_conv = nn.Conv2d(
                deep_channels, self.fc_out_channels, 1, bias=False
            )
        if init_cfg is None:
            bias = bias_init_with_prob(prior)
            self.init_cfg += [
                dict(type='Normal', std=0.01, bias=bias, override=dict(name=name))
                for name in ('fc_cls', 'fc_patch')
                if hasattr(self, name)
            ]
            if self.with_deep:
                # The head starts as one without, whatever the map's scale.
                override = dict(name='deep_conv')
                self.init_cfg += [dict(type='Constant', val=0, override=override)]

    def forward(
        self, x: Tensor, deep: Tensor | None = None
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Process the features of N patches; see :meth:`trunk` and :meth:`nets`."""
        return self.nets(self.trunk(x, deep))

    def trunk(self, x: Tensor, deep: Tensor | None = None) -> Tensor:
        """The features of N patches as vectors (N, fc_out_channels).

        Args:
            x: (N, D, h, w), of a level of the pyramid.
            deep: (N, fc_out_channels, 1, 1), averages over each patch of the map that
                ``deep_conv`` makes of the backbone's last one. The first layer adds
                them before its activation, so that it reads the average of the
                backbone's map beside ``x``: convolution and average are both linear,
                and to convolve first is cheaper where patches are many.
        """
        first, second = self.shared_fcs
        x = first(x.flatten(1))
        if deep is not None:
            x = x + deep.flatten(1)
        return F.relu(second(F.relu(x)))

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
