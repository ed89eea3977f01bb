"""Training images made of several, with the labels of all of them."""

import random
from collections.abc import Sequence

import numpy as np
from mmdet.datasets.transforms import MixUp, Mosaic
from mmdet.registry import TRANSFORMS

from mmscanet.datasets.image_labels import ABSENT, NOT_SCORED, PRESENT
from mmscanet.errors import ConfigError


class _MixWithLabels:
    """Put in front of an mmdet transform that mixes images.

    Args:
        img_scale: (w, h), pixels, as mmdet's transform has it.
        prob: The chance of an image to be mixed.
        **kwargs: Those of mmdet's transform.
    """

    def __init__(
        self, img_scale: tuple[int, int], prob: float, **kwargs: object
    ) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'{type(self).__name__}: prob={prob} is not in [0, 1]')
        super().__init__(tuple(img_scale), **kwargs)
        # Not mmdet's ``prob``, which not all have: images are drawn here.
        self.chance = prob

    def transform(self, results: dict) -> dict:
        """Mix images as the parent does, or leave this one as it is."""
        if 'mix_results' not in results:
            raise ConfigError(
                f'{type(self).__name__} mixes images of a data set: put it into the '
                'pipeline of a MultiImageMixDataset around that'
            )
        if random.random() >= self.chance:
            return results
        images = [results, *results['mix_results']]
        mixed = dict(super().transform(results))
        # Data sets of mmdet's own have none; the loss then reads labels off the boxes.
        if all('gt_score' in each for each in images):
            mixed['gt_score'] = unite_labels([each['gt_score'] for each in images])
            mixed['gt_area'] = np.max([each['gt_area'] for each in images], axis=0)
        return mixed


@TRANSFORMS.register_module()
class MultiLabelMosaic(_MixWithLabels, Mosaic):
    """mmdet's ``Mosaic`` of four whole images; what is in any of them is in it.

    mmdet's own cuts the four where they meet, and an object that is cut away would
    leave its label behind. Here each is fitted into a quarter, as large as its
    proportions allow, so that nothing is lost and objects come at half their size and
    in other company. For the pipeline of a ``MultiImageMixDataset``; resize after it,
    as the mosaic has twice the width and height of ``img_scale``.

    ``gt_score`` is the union of the four, and ``gt_area``, the largest of theirs, is in
    pixels of the image that it comes from.

    Args:
        img_scale: (w, h) of a quarter, pixels.
        prob: The chance of an image to become the first of a mosaic; others stay.
        pad_val: Of pixels beside an image.

    Raises:
        ConfigError: If ``prob`` is no probability; in use, without ``mix_results`` in
            the results.
    """

    def __init__(
        self, img_scale: tuple[int, int], prob: float = 1.0, pad_val: float = 114.0
    ) -> None:
        super().__init__(
            img_scale, prob, center_ratio_range=(1.0, 1.0), pad_val=pad_val
        )


@TRANSFORMS.register_module()
class MultiLabelMixUp(_MixWithLabels, MixUp):
    """mmdet's ``MixUp`` of two whole images; what is in either of them is in it.

    The mean of two pictures, with the boxes of both and the union of their labels,
    each in full: an object at half its contrast is still there. The second is fitted
    into ``img_scale`` from the upper left corner and flipped every other time; one
    without boxes is not mixed in. For the pipeline of a ``MultiImageMixDataset``, after
    a ``Resize`` to ``img_scale``.

    ``gt_area`` is as in :class:`MultiLabelMosaic`.

    Args:
        img_scale: (w, h) of the images mixed, pixels.
        prob: The chance of an image to be mixed with another; others stay.
        pad_val: Of the second, beside it.

    Raises:
        ConfigError: If ``prob`` is no probability; in use, without ``mix_results`` in
            the results, or if the first image has another size than ``img_scale``, as
            the second would be cut.
    """

    def __init__(
        self, img_scale: tuple[int, int], prob: float = 1.0, pad_val: float = 114.0
    ) -> None:
        super().__init__(img_scale, prob, ratio_range=(1.0, 1.0), pad_val=pad_val)

    def transform(self, results: dict) -> dict:
        """Mix two images, or leave this one as it is."""
        height, width = results['img'].shape[:2]
        if (width, height) != self.dynamic_scale:
            raise ConfigError(
                f'MultiLabelMixUp has img_scale={self.dynamic_scale} and an image of '
                f'{(width, height)}: resize images to img_scale before it'
            )
        # mmdet's would return the first as it is, which has not the second's labels.
        if 'mix_results' in results and not len(results['mix_results'][0]['gt_bboxes']):
            return results
        return super().transform(results)


def unite_labels(gt_scores: Sequence[np.ndarray]) -> np.ndarray:
    """Image labels (C,) int8 of images (C,) that have become one.

    A label is present if it is in one of them; if not, it is not scored if it is not
    scored in one of them.
    """
    stack = np.stack(gt_scores)
    some = np.where((stack == NOT_SCORED).any(axis=0), NOT_SCORED, ABSENT)
    return np.where((stack == PRESENT).any(axis=0), PRESENT, some).astype(np.int8)
