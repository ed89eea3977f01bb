"""From the two branches' patch scores to the labels of an image."""

import torch
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmscanet.errors import ConfigError

BRANCHES = ('object', 'context', 'scene')
PATCH_SCORES = tuple(f'{branch}_scores' for branch in BRANCHES)
FUSIONS = ('mean', 'max', 'product', 'learned')
POOLINGS = ('max', 'topk', 'noisy_or')
OBJECTNESS = ('select', 'multiply')


def scores_of(patches: InstanceData) -> dict[str, Tensor]:
    """The scores of the patches of an image, as :meth:`SCAFusion.image_scores` wants.

    Args:
        patches: From :meth:`SCARoIHead.score_patches`. An image may have none, and
            still a scene.
    """
    scores = {name: patches[name] for name in PATCH_SCORES if name in patches}
    if 'scene_score' in patches:
        scores['scene_scores'] = patches.scene_score[None]
    return scores


@MODELS.register_module()
class SCAFusion(BaseModule):
    """Fuse the object and the context score of each patch, then pool patches.

    The paper fuses "element-wise" and leaves open how, and how the patches of an
    image make the labels of the image. Here, with o and c the two scores of a
    label on a patch:

    - ``fuse``: ``mean`` (o + c) / 2; ``max``; ``product``, the root of o * c,
      which keeps the scale of a score; ``learned``, w * o + (1 - w) * c with one
      w in (0, 1) for each label, which starts at 1/2 and is trained by the image
      loss of :class:`SCARoIHead`;
    - ``pool``: ``max`` over the patches; ``topk``, the mean of the ``topk`` highest;
      ``noisy_or``, 1 - prod(1 - score);
    - ``scene_weight``: with a scene branch, which the paper has not, the fused score
      f of each patch, and what pooling makes of them for the image, becomes
      (1 - scene_weight) * f + scene_weight * s. The score s of the scene is the same
      for all patches of an image, their widest context, so that it is not pooled: a
      hundred patches are not a hundred witnesses of it;
    - ``objectness``: ``select``: the patch classifier chooses the ``num_patches``
      that count and has no other say; ``multiply``: besides, its probability is a
      factor of each score.

    Args:
        num_classes: C, needed for ``fuse='learned'``; :class:`SCARoIHead` gives it.
        fuse, pool, objectness: See above.
        topk: See above. Patches that are missing count as score 0.
        num_patches: How many patches of an image count, at most.
        scene_weight: See above, in [0, 1].

    Raises:
        ConfigError: If a choice is not one of those named or a number is not in its
            range.
    """

    def __init__(
        self,
        num_classes: int | None = None,
        fuse: str = 'mean',
        pool: str = 'max',
        objectness: str = 'select',
        topk: int = 3,
        num_patches: int = 100,
        scene_weight: float = 0.5,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        for name, value, choices in (
            ('fuse', fuse, FUSIONS),
            ('pool', pool, POOLINGS),
            ('objectness', objectness, OBJECTNESS),
        ):
            if value not in choices:
                raise ConfigError(f'{name} must be one of {choices}, not {value!r}')
        for name, value in (('topk', topk), ('num_patches', num_patches)):
            if value < 1:
                raise ConfigError(f'{name} must be at least 1, not {value}')
        if not 0 <= scene_weight <= 1:
            raise ConfigError(f'scene_weight must be in [0, 1], not {scene_weight}')
        self.fuse_mode = fuse
        self.pool_mode = pool
        self.objectness = objectness
        self.topk = topk
        self.num_patches = num_patches
        self.scene_weight = scene_weight
        if fuse == 'learned':
            if num_classes is None:
                raise ConfigError("fuse='learned' needs num_classes")
            self.logit_weight = nn.Parameter(torch.zeros(num_classes))

    def select(self, objectness: Tensor) -> Tensor:
        """Indices (n,) of the patches that count, of ``objectness`` (N,)."""
        return objectness.topk(min(self.num_patches, len(objectness))).indices

    def fuse(
        self,
        object_scores: Tensor | None,
        context_scores: Tensor | None,
        scene_scores: Tensor | None = None,
    ) -> Tensor:
        """Fuse scores (N, C) of the branches; one of the first two may be absent.

        Returns:
            (N, C), in [0, 1].
        """
        fused = self._fuse_patches(object_scores, context_scores)
        return self._with_scene(fused, scene_scores)

    def image_scores(
        self,
        object_scores: Tensor | None = None,
        context_scores: Tensor | None = None,
        scene_scores: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Label an image from the scores (N, C) of its patches.

        Returns:
            (C,), in [0, 1]: ``score``, and of each branch that is there, alone,
            ``object_score``, ``context_score`` and ``scene_score``. No patch gives 0;
            the scene of an image without patches still has its part in ``score``.
        """
        of_patches = dict(
            score=self._fuse_patches(object_scores, context_scores),
            object_score=object_scores,
            context_score=context_scores,
        )
        found = {
            name: self.pool(scores)
            for name, scores in of_patches.items()
            if scores is not None
        }
        if scene_scores is not None:
            # All patches of the image have the same.
            scene = scene_scores.amax(0) if len(scene_scores) else scene_scores.sum(0)
            found['scene_score'] = scene
            found['score'] = self._with_scene(found['score'], scene)
        return found

    def _with_scene(self, scores: Tensor, scene_scores: Tensor | None) -> Tensor:
        """Scores of patches or of an image, weighed with those of the scene."""
        if scene_scores is None:
            return scores
        return torch.lerp(scores, scene_scores, self.scene_weight)

    def _fuse_patches(
        self, object_scores: Tensor | None, context_scores: Tensor | None
    ) -> Tensor:
        """Fuse the two scores that are the patch's own."""
        if object_scores is None or context_scores is None:
            return context_scores if object_scores is None else object_scores
        if self.fuse_mode == 'mean':
            return (object_scores + context_scores) / 2
        if self.fuse_mode == 'max':
            return torch.maximum(object_scores, context_scores)
        if self.fuse_mode == 'product':
            # The root has no finite slope at 0.
            return (object_scores * context_scores).clamp(min=1e-12).sqrt()
        weight = self.logit_weight.sigmoid()
        return weight * object_scores + (1 - weight) * context_scores

    def pool(self, scores: Tensor) -> Tensor:
        """Pool patch scores (N, C) to image scores (C,); 0 for N = 0."""
        if len(scores) == 0:
            return scores.sum(0)
        if self.pool_mode == 'max':
            return scores.max(0).values
        if self.pool_mode == 'topk':
            return (
                scores.topk(min(self.topk, len(scores)), dim=0).values.sum(0)
                / self.topk
            )
        return 1 - (1 - scores).prod(0)
