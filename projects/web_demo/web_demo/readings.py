"""What the model read in one picture, kept so that a threshold can still move."""

import io
from dataclasses import dataclass

import numpy as np
from mmdet.structures import DetDataSample
from PIL import Image

from mmscanet.apis import Labelled

from .pictures import shrink

VIEW_SIDE = 1280  # pixels, longest side of the picture that is drawn on
THUMB_SIDE = 200


@dataclass(frozen=True)
class Reading:
    """One picture, as a session keeps it: small, whatever was uploaded.

    Attributes:
        path: Where the upload lies; tells a picture from another of the same name.
        name: The file's name.
        sample: All scores and boxes, in pixels of the original picture.
        jpeg: The picture at the size of the page.
        scale: That size as a share of the original's.
    """

    path: str
    name: str
    sample: DetDataSample
    jpeg: bytes
    scale: float

    @classmethod
    def of(cls, path: str, name: str, labelled: Labelled) -> 'Reading':
        """Keep what is needed of what the model returned."""
        view, scale = shrink(labelled.image, VIEW_SIDE)
        buffer = io.BytesIO()
        Image.fromarray(view).save(buffer, 'JPEG', quality=92)
        return cls(path, name, labelled.data_sample, buffer.getvalue(), scale)

    def view(self) -> np.ndarray:
        """The picture at the size of the page: (H', W', 3), RGB, uint8."""
        return np.asarray(Image.open(io.BytesIO(self.jpeg)))

    def thumbnail(self) -> np.ndarray:
        """The picture at the size of an icon: (h, w, 3), RGB, uint8."""
        return shrink(self.view(), THUMB_SIDE)[0]

    def view_sample(self) -> DetDataSample:
        """The predictions with boxes in pixels of :meth:`view`."""
        sample = self.sample.clone()
        if 'pred_instances' not in sample:  # a model without boxes
            return sample
        instances = sample.pred_instances.clone()  # the sample's own are shared
        for field in ('bboxes', 'context_bboxes'):
            if field in instances:
                instances.set_field(instances[field] * self.scale, field)
        sample.pred_instances = instances
        return sample
