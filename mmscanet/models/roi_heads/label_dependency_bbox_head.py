"""Label predictors of a patch that know which labels go together."""

from mmdet.registry import MODELS
from torch import Tensor, nn

from .multi_label_bbox_head import MultiLabelBBoxHead


@MODELS.register_module()
class LabelDependencyBBoxHead(MultiLabelBBoxHead):
    """Correct each label of a patch by what the other labels of the patch say.

    With z (N, C) the logits of the label predictor, the head gives z + W sigmoid(z).
    W is learned and starts from 0, where nothing is corrected. Its row for a label says
    which others speak for it and which against it. Not in the paper.

    Args:
        *args, **kwargs: Those of :class:`MultiLabelBBoxHead`.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.with_cls:
            shape = (self.num_classes, self.num_classes)
            self.fc_dependency = nn.Linear(*shape, bias=False)
            nn.init.zeros_(self.fc_dependency.weight)

    def nets(self, x: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """As the base class, the label logits corrected."""
        logits, deltas, patch_logits = super().nets(x)
        if self.with_cls:
            logits = logits + self.fc_dependency(logits.sigmoid())
        return logits, deltas, patch_logits
