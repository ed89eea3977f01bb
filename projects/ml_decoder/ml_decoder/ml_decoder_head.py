"""Fixed queries gather from the feature map, each for a group of labels."""

from mmdet.registry import MODELS
from torch import Tensor

from mmscanet.errors import ConfigError
from mmscanet.models import LabelQueryHead


@MODELS.register_module()
class MLDecoderHead(LabelQueryHead):
    """A decoder layer without self-attention, and a classifier of each group.

    T. Ridnik et al., "ML-Decoder: Scalable and Versatile Classification Head", WACV
    2023. K fixed queries attend to the cells of the last feature map, see
    :class:`LabelQueryHead`. Label c is read from the vector of its group, number
    ``c // ceil(C / K)``, by a linear classifier of its own (the group fully-connected
    layer). The cost grows with K only, not with the square of C.

    Args:
        in_channels: D of the last feature map.
        num_classes: C.
        hidden_channels, feedforward_channels: See :class:`LabelQueryHead`.
        num_groups: K, from 1 to C; by default C, a query for each label. Groups
            that would have no label are left out.
        **kwargs: Those of :class:`LabelQueryHead`.

    Raises:
        ConfigError: If ``num_groups`` is not in its range.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        hidden_channels: int = 768,
        feedforward_channels: int = 2048,
        num_groups: int | None = None,
        **kwargs: object,
    ) -> None:
        if num_groups is None:
            num_groups = num_classes
        if not 1 <= num_groups <= num_classes:
            raise ConfigError(
                f'num_groups must be from 1 to num_classes={num_classes}, '
                f'not {num_groups}'
            )
        group_size = -(-num_classes // num_groups)
        super().__init__(
            in_channels,
            num_classes,
            hidden_channels,
            feedforward_channels,
            num_queries=-(-num_classes // group_size),
            **kwargs,
        )
        self.group_size = group_size

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        # The last group may have fewer labels than the others.
        vectors = self.query_vectors(feats).repeat_interleave(self.group_size, dim=1)
        return self.classifier(vectors[:, : self.num_classes])
