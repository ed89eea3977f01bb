"""Packing of boxes and image labels for the model."""

import warnings

import torch
from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackMultiLabelInputs(PackDetInputs):
    """``PackDetInputs`` that also packs the image labels.

    ``data_sample.gt_score`` becomes a (C,) int8 tensor (1 present, 0 absent, -1 not
    scored) and ``data_sample.gt_area`` a (C,) float32 tensor (square pixels of the
    original image). They are packed as they come: of the transforms that can crop an
    object away only :class:`MultiLabelCrop` keeps the labels true.

    Without ``gt_score`` in the results, as at inference on a bare image, nothing is
    added. The loss then reads the image's labels off its boxes; the metric, which does
    not, says what is missing.

    An image of another size than its annotation says is warned of, once: its boxes are
    likely those of the image as it was before it was turned or resized.
    """

    _warned = False

    def transform(self, results: dict) -> dict:
        """Pack as the parent does, then add ``gt_score`` and ``gt_area``."""
        self._compare_sizes(results)
        packed = super().transform(results)
        if 'gt_score' in results:
            data_sample = packed['data_samples']
            data_sample.gt_score = torch.from_numpy(results['gt_score'])
            data_sample.gt_area = torch.from_numpy(results['gt_area'])
        return packed

    def _compare_sizes(self, results: dict) -> None:
        """Hold the image that was read against the size that its annotation has."""
        said = results.get('height'), results.get('width')
        found = tuple(results.get('ori_shape', ()))[:2]
        if self._warned or None in said or not found or said == found:
            return
        self._warned = True
        warnings.warn(
            f'{results.get("img_path")} has {found[1]} x {found[0]} pixels (width x '
            f'height), and {said[1]} x {said[0]} in its annotation: its boxes may be '
            'in the wrong place. Of further images it is not told.',
            stacklevel=2,
        )
