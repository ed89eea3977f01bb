"""Images and labels projected into one space."""

import torch
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from torch import Tensor, nn
from torch.nn import functional as F

from mmscanet.errors import ConfigError
from mmscanet.models import MultiLabelClsHead
from mmscanet.models.layers import GlobalPooling


@MODELS.register_module()
class CRLHead(MultiLabelClsHead):
    """A linear classifier, plus how near the image is to each label in a shared space.

    S. Wen et al., "Multilabel Image Classification via Feature/Label Co-Projection",
    IEEE Transactions on Systems, Man, and Cybernetics: Systems, 2021. Two losses make
    the space: an image is near its labels and far from others, and labels are near
    each other as far as they are in the same images.

    Args:
        in_channels: D of the last feature map.
        embed_channels: E, the dimensions of the space.
        margin: The cosine up to which an image or label and a label that do not go
            together have no loss.
        feature_weight: Weight of the loss of images and labels.
        label_weight: Weight of the loss of labels and labels.
        scale: What the cosine of image and label counts in the logit, at first; it is
            learnt.
        prior: The probability that scores of the linear classifier start from.
        pool: How the last feature map becomes a vector, see :class:`GlobalPooling`.
        **kwargs: Those of :class:`MultiLabelClsHead`.

    Raises:
        ConfigError: If ``margin`` is not in [-1, 1), or a weight is negative; see
            also :class:`GlobalPooling`.
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        embed_channels: int = 256,
        margin: float = 0.0,
        feature_weight: float = 1.0,
        label_weight: float = 1.0,
        scale: float = 5.0,
        prior: float = 0.01,
        pool: str = 'avg',
        **kwargs: object,
    ) -> None:
        if not -1 <= margin < 1:
            raise ConfigError(f'margin must be in [-1, 1), not {margin}')
        weights = dict(feature_weight=feature_weight, label_weight=label_weight)
        for name, value in weights.items():
            if value < 0:
                raise ConfigError(f'{name} must be at least 0, not {value}')
        init_cfg = dict(
            type='Normal', std=0.01, bias_prob=prior, override=dict(name='fc')
        )
        super().__init__(num_classes, **{'init_cfg': init_cfg, **kwargs})
        self.pool = GlobalPooling(pool)
        self.margin = margin
        self.feature_weight = feature_weight
        self.label_weight = label_weight
        self.fc = nn.Linear(in_channels, num_classes)
        self.project = nn.Linear(in_channels, embed_channels)
        self.labels = nn.Embedding(num_classes, embed_channels)
        self.scale = nn.Parameter(torch.tensor(float(scale)))

    def similarity(self, pooled: Tensor) -> Tensor:
        """Cosines (B, C) of images, as pooled features (B, D), and labels."""
        images = self.project(pooled)[:, None]
        return F.cosine_similarity(images, self.labels.weight, dim=-1)

    def label_similarity(self) -> Tensor:
        """Cosines (C, C) of labels and labels."""
        labels = self.labels.weight
        return F.cosine_similarity(labels[:, None], labels, dim=-1)

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, C) of feature maps, of which the last, (B, D, H, W), is read."""
        pooled = self.pool(feats[-1])
        return self.fuse(pooled, self.similarity(pooled))

    def fuse(self, pooled: Tensor, similarity: Tensor) -> Tensor:
        """Logits (B, C) of pooled features (B, D) and of cosines (B, C)."""
        return self.fc(pooled) + self.scale * similarity

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: SampleList
    ) -> dict[str, Tensor]:
        """The label loss of all peers and the two of the space, scalars."""
        pooled = self.pool(feats[-1])
        similarity = self.similarity(pooled)
        cells = self.gt_scores(batch_data_samples)
        return dict(
            loss_cls=self.label_loss(self.fuse(pooled, similarity), batch_data_samples),
            loss_feature=self.feature_weight * self.image_label_loss(similarity, cells),
            loss_label=self.label_weight * self.label_label_loss(cells),
        )

    def image_label_loss(self, similarity: Tensor, cells: Tensor) -> Tensor:
        """Bring images to their labels and away from others.

        Summed over labels and averaged over images.

        Args:
            similarity: (B, C), see :meth:`similarity`.
            cells: (B, C): 1 present, 0 absent, -1 not scored.
        """
        near, far = self._near_and_far(similarity)
        return ((cells > 0) * near + (cells == 0) * far).sum(1).mean()

    def label_label_loss(self, cells: Tensor) -> Tensor:
        """Bring labels of the same image together, and away from those it lacks.

        Of each present label of each image, summed over the other labels; averaged
        over the present labels. With margin 0 the cosine of two labels is drawn to the
        share of the occurrences of either that have the other beside them.

        Args:
            cells: (B, C), as in :meth:`image_label_loss`.
        """
        near, far = self._near_and_far(self.label_similarity())
        present, absent = (cells > 0).float(), (cells == 0).float()
        losses = (present.T @ present) * near + (present.T @ absent) * far
        # The diagonal, a label beside itself, is near 0 up to rounding.
        return losses.sum() / present.sum().clamp(min=1)

    def _near_and_far(self, similarity: Tensor) -> tuple[Tensor, Tensor]:
        """The losses of each pair, if it goes together and if it does not."""
        far = (similarity - self.margin).clamp(min=0)
        return (1 - similarity).square(), far.square()
