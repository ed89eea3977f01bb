"""Parts of training images, with the labels of what is in the part."""

import random

import numpy as np
from mmdet.datasets.transforms import RandomCrop
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type

from mmscanet.datasets.image_labels import ABSENT, NOT_SCORED, PRESENT
from mmscanet.errors import ConfigError


@TRANSFORMS.register_module()
class MultiLabelCrop(RandomCrop):
    """mmdet's ``RandomCrop`` that keeps the image labels true.

    mmdet's own keeps each box of which a sliver is left, and knows no image labels.
    Here an object counts as inside the part when at least half of its box is, which is
    the rule for context patches too. Of the others, one that is seen in part is
    ignored, as a difficult one of VOC is: it is neither taught nor called absent. One
    that is cut away is gone, and so is its label if no other object has it.

    An image whose part would have no object to learn from stays whole.

    Args:
        crop_size: The least share (h, w) of the image's height and width that the part
            has, in (0, 1]; both are drawn from there to 1, each by itself.
        prob: The chance of an image to be cut.

    Raises:
        ConfigError: If ``crop_size`` or ``prob`` is out of range.
    """

    def __init__(
        self, crop_size: tuple[float, float] = (0.5, 0.5), prob: float = 1.0
    ) -> None:
        if len(crop_size) != 2 or not all(0 < share <= 1 for share in crop_size):
            raise ConfigError(
                f'MultiLabelCrop: crop_size={crop_size} are not two shares in (0, 1]'
            )
        if not 0 <= prob <= 1:
            raise ConfigError(f'MultiLabelCrop: prob={prob} is not in [0, 1]')
        super().__init__(tuple(crop_size), crop_type='relative_range')
        self.chance = prob

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Cut a part out of the image, or leave it as it is."""
        if random.random() >= self.chance:
            return results
        size = self._get_crop_size(results['img'].shape[:2])
        # mmdet moves boxes in place, and its instance ids tell which are left.
        part = dict(
            results,
            gt_bboxes=results['gt_bboxes'].clone(),
            gt_instances_ids=np.arange(len(results['gt_bboxes'])),
        )
        part = self._crop_data(part, size, allow_negative_crop=True)
        areas = results['gt_bboxes'].areas[part.pop('gt_instances_ids')]
        inside = (part['gt_bboxes'].areas >= 0.5 * areas).numpy()
        part['gt_ignore_flags'] = part['gt_ignore_flags'] | ~inside
        if part['gt_ignore_flags'].all():
            return results
        if 'gt_score' in results:
            part['gt_score'] = _labels_of_part(results, part)
            part['gt_area'] = np.where(part['gt_score'] == PRESENT, part['gt_area'], 0)
        return part


def _labels_of_part(results: dict, part: dict) -> np.ndarray:
    """Image labels (C,) int8 of a part of an image, by the boxes that are left."""
    gt_score = results['gt_score'].copy()
    left = part['gt_bboxes_labels']
    seen = np.isin(np.arange(len(gt_score)), left)
    had_boxes = np.isin(np.arange(len(gt_score)), results['gt_bboxes_labels'])
    gt_score[had_boxes & ~seen] = ABSENT
    # Seen in part, or difficult, or a crowd, or a label of the image without a box.
    gt_score[gt_score == PRESENT] = NOT_SCORED
    gt_score[left[~part['gt_ignore_flags']]] = PRESENT
    return gt_score
