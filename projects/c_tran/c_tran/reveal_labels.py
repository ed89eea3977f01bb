"""Tell the model some labels of each image, and measure it on the others."""

import hashlib

import torch
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from torch import Tensor

from mmscanet.errors import ConfigError


@TRANSFORMS.register_module()
class RevealLabels(BaseTransform):
    """Reveal a share of the labels of each image; the last step of a test pipeline.

    The revealed labels go to ``data_sample.known_score`` (C,) int8 (1 present, 0
    absent, -1 unknown), and their cells of ``gt_score`` become -1: the metric counts
    the unknown ones only. Which labels these are depends on the seed, ``img_id`` and
    the number of the label alone, so that they are the same in each process and on
    each machine. Those of a smaller share are among those of a larger one.

    Nothing is revealed of an image on which nothing is annotated, so that the metric
    goes on leaving it out, and of one without ``gt_score``, as a bare image is.

    Args:
        fraction: Share of the scored labels of an image, rounded to whole labels; one
            at least is not revealed.
        seed: Another one reveals other labels.

    Raises:
        ConfigError: If ``fraction`` is not in [0, 1).
    """

    def __init__(self, fraction: float, seed: int = 0) -> None:
        if not 0 <= fraction < 1:
            raise ConfigError(f'fraction must be in [0, 1), not {fraction}')
        self.fraction = fraction
        self.seed = seed

    def transform(self, results: dict) -> dict:
        """Add ``known_score`` to what ``PackMultiLabelInputs`` packed.

        Args:
            results: ``inputs`` and ``data_samples``.
        """
        sample = results['data_samples']
        if 'gt_score' in sample:
            cells = sample.gt_score
            revealed = self.revealed(cells, str(sample.img_id))
            sample.known_score = cells.masked_fill(~revealed, -1)
            sample.gt_score = cells.masked_fill(revealed, -1)
        return results

    def revealed(self, cells: Tensor, img_id: str) -> Tensor:
        """Which of the cells (C,) are revealed, (C,) bool."""
        revealed = torch.zeros_like(cells, dtype=torch.bool)
        if (cells != 0).any():
            scored = (cells >= 0).nonzero().flatten().tolist()
            scored.sort(key=lambda label: self.lot(img_id, label))
            # One at least stays unknown, or the image would not be measured.
            number = min(round(self.fraction * len(scored)), len(scored) - 1)
            revealed[scored[:number]] = True
        return revealed

    def lot(self, img_id: str, label: int) -> bytes:
        """What orders the labels of an image at random; of no machine's generator."""
        return hashlib.sha256(f'{self.seed}/{img_id}/{label}'.encode()).digest()

    def __repr__(self) -> str:
        return f'{type(self).__name__}(fraction={self.fraction}, seed={self.seed})'
