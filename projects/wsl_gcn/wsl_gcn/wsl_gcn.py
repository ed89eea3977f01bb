"""A classifier that also says where in the image each label was seen."""

import math

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, SampleList
from torch import Tensor

from mmscanet.models import MultiLabelClassifier


@MODELS.register_module()
class WSLGCN(MultiLabelClassifier):
    """A :class:`MultiLabelClassifier` with a :class:`WSLGCNHead` and its points.

    Args:
        **kwargs: Those of :class:`MultiLabelClassifier`.
    """

    def localise(
        self, batch_inputs: Tensor, batch_data_samples: SampleList, rescale: bool = True
    ) -> Tensor:
        """The point of each label in each image, whether the label is present or not.

        It is the centre of the cell in which the label scores highest, of several
        such cells the first, row by row. Padding is left out.

        Args:
            batch_inputs: (B, 3, H, W), normalised.
            batch_data_samples: One an image, with its meta information.
            rescale: Give points in pixels of the original image, and not of
                ``batch_inputs``.

        Returns:
            (B, C, 2), float: (x, y), from the upper left corner of the image.
        """
        maps = self.head.maps(self.extract_feat(batch_inputs)).float()
        height, width = batch_inputs.shape[-2:]
        points = [
            peaks(each, (height, width), sample)
            for each, sample in zip(maps, batch_data_samples, strict=True)
        ]
        if rescale:
            points = [
                each / each.new_tensor(sample.metainfo.get('scale_factor', (1, 1)))
                for each, sample in zip(points, batch_data_samples, strict=True)
            ]
        return torch.stack(points)


def peaks(maps: Tensor, size: tuple[int, int], sample: DetDataSample) -> Tensor:
    """Centres (C, 2) of the highest cells of ``maps`` (C, H', W'), as (x, y) in pixels.

    Args:
        maps: Of the padded image, in cells.
        size: (height, width) of the padded image in pixels.
        sample: ``img_shape`` is the (height, width) of the image without its padding.
    """
    height, width = sample.metainfo.get('img_shape', size)[:2]
    step_y, step_x = size[0] / maps.shape[1], size[1] / maps.shape[2]
    maps = maps[:, : math.ceil(height / step_y), : math.ceil(width / step_x)]
    index, columns = maps.flatten(1).argmax(1), maps.shape[2]
    x, y = (index % columns + 0.5) * step_x, (index // columns + 0.5) * step_y
    # The image may end before the centre of its last cell.
    return torch.stack([x.clamp(max=width), y.clamp(max=height)], dim=1)
