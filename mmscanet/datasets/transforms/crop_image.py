"""Parts of training images, with the labels of what is in the part."""

import random

import numpy as np
from mmdet.datasets.transforms import RandomCrop
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import autocast_box_type

from mmscanet.datasets.image_labels import (
    ABSENT,
    NOT_SCORED,
    PRESENT,
    image_labels,
)
from mmscanet.errors import ConfigError


@TRANSFORMS.register_module()
class MultiLabelCrop(RandomCrop):
    """mmdet's ``RandomCrop`` that keeps the image labels true.

    mmdet's own keeps each box of which a sliver is left, and knows no image labels.
    Here an object is in the part when at least half of its box is, which is the rule
    for context patches too. One that is seen in part becomes an ignored instance, as a
    difficult one of VOC is. One that is cut away is gone. In ``gt_score`` a label is
    present if an object of it is in the part, not scored if one is only seen in part,
    and else absent; ``gt_area`` stays that of the whole image's largest object.

    An image whose part would have no object to learn from stays whole.

    Args:
        crop_size: The least share (h, w) of the image's height and width that the part
            has, in (0, 1]; both are drawn from there to 1, each by itself.
        prob: The chance of an image to be cut.

    Raises:
        ConfigError: If ``crop_size`` or ``prob`` is out of range; in use, without boxes
            in the results.
    """

    def __init__(
        self, crop_size: tuple[float, float] = (0.5, 0.5), prob: float = 1.0
    ) -> None:
        shares = np.array(crop_size, dtype=float)
        if shares.shape != (2,) or not ((shares > 0) & (shares <= 1)).all():
            raise ConfigError(
                f'MultiLabelCrop: crop_size={crop_size} are not two shares in (0, 1]'
            )
        if not 0 <= prob <= 1:
            raise ConfigError(f'MultiLabelCrop: prob={prob} is not in [0, 1]')
        super().__init__(tuple(crop_size), crop_type='relative_range')
        self.prob = prob

    @autocast_box_type()
    def transform(self, results: dict) -> dict:
        """Cut a part out of the image, or leave it as it is."""
        if 'gt_bboxes' not in results:
            raise ConfigError(
                'MultiLabelCrop needs the boxes: put it behind LoadAnnotations'
            )
        if random.random() >= self.prob:
            return results
        shape = results['img'].shape[:2]
        # What of a box lies beside the image cannot be cut away.
        boxes = results['gt_bboxes'].clone()
        boxes.clip_(shape)
        # mmdet moves boxes in place, and its instance ids tell which are left.
        part = self._crop_data(
            dict(
                results, gt_bboxes=boxes.clone(), gt_instances_ids=np.arange(len(boxes))
            ),
            tuple(max(1, side) for side in self._get_crop_size(shape)),
            allow_negative_crop=True,
        )
        areas = boxes.areas[part.pop('gt_instances_ids')]
        inside = (part['gt_bboxes'].areas >= 0.5 * areas).numpy()
        part['gt_ignore_flags'] = part['gt_ignore_flags'] | ~inside
        if part['gt_ignore_flags'].all():
            return results
        if 'gt_score' in results:
            part['gt_score'], part['gt_area'] = _labels_of_part(results, part, inside)
        return part

    def __repr__(self) -> str:
        name = type(self).__name__
        return f'{name}(crop_size={self.crop_size}, prob={self.prob})'


def _labels_of_part(
    results: dict, part: dict, inside: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``gt_score`` and ``gt_area`` (C,) of a part of an image, by the boxes left.

    Args:
        results: Of the whole image.
        part: Of the part; it has n boxes.
        inside: (n,), whether at least half of a box was left.
    """
    whole, labels = results['gt_score'], results['gt_bboxes_labels']
    every = np.arange(len(whole))
    # Labels that are present by what is ignored alone, as by a crowd of COCO.
    by_ignored = (whole == PRESENT) & ~np.isin(
        every, labels[~results['gt_ignore_flags']]
    )
    left = part['gt_bboxes_labels']
    scored = ~part['gt_ignore_flags'] | (inside & by_ignored[left])
    areas = results['gt_area'][left]
    gt_score, gt_area = image_labels(left, areas, scored, len(whole))
    # Where in the image a label without a box is, nobody knows.
    gt_score[(whole != ABSENT) & ~np.isin(every, labels)] = NOT_SCORED
    return gt_score, gt_area
