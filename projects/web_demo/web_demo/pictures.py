"""Uploaded files turned into pixels; what they would cost is checked first."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import mmcv
import numpy as np
from PIL import Image

from mmscanet.apis.inputs import read_turned_webp

# What both PIL, which reads the header, and OpenCV, which decodes, can read.
FORMATS = ('JPEG', 'PNG', 'WEBP', 'GIF', 'BMP', 'TIFF')
SUFFIXES = ('.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp', '.tif', '.tiff')
MEGA = 1_000_000
# Beyond this shape a picture scaled to the model's size would have no pixel of height.
MAX_RATIO = 100


class PictureError(ValueError):
    """A file that is refused; the message says to its sender why."""


@dataclass(frozen=True)
class Limits:
    """What the page accepts.

    Attributes:
        megabytes: Of one file.
        megapixels: Of one picture, decoded.
        pictures: Of one session at a time.
    """

    megabytes: float = 10
    megapixels: float = 40
    pictures: int = 20


def read_picture(path: Path, limits: Limits) -> np.ndarray:
    """Decode an uploaded file as the model's own pipeline would.

    Of an animation or a file of several pages the first picture is taken. Turned by
    the EXIF orientation; transparency is dropped.

    Returns:
        (H, W, 3), BGR, uint8.

    Raises:
        PictureError: The file is gone, too large, has too many pixels or is too
            narrow, or is not a whole picture in one of :data:`FORMATS`.
    """
    try:
        if path.stat().st_size > limits.megabytes * MEGA:
            raise PictureError(f'has more than {limits.megabytes:g} MB')
        content = path.read_bytes()  # so that what was checked is what gets decoded
    except FileNotFoundError as error:
        raise PictureError('is not kept any more: drop it in again') from error
    check_header(content, limits)
    image = read_turned_webp(BytesIO(content))
    if image is None:
        image = mmcv.imfrombytes(content, flag='color')
    if image is None:
        raise PictureError('cannot be decoded')
    return image


def check_header(content: bytes, limits: Limits) -> None:
    """Refuse a picture by its header, then one that is not whole.

    Raises:
        PictureError: See :func:`read_picture`.
    """
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > limits.megapixels * MEGA:
                raise PictureError(
                    f'has {width} x {height} pixels, more than '
                    f'{limits.megapixels:g} megapixels'
                )
            if max(width, height) > MAX_RATIO * min(width, height):
                raise PictureError(
                    f'has {width} x {height} pixels, one side more than {MAX_RATIO} '
                    'times the other'
                )
            # A part of a picture is none, whatever OpenCV makes of it. JPEG at an
            # eighth of its size is enough to see whether it is whole.
            picture.draft(None, (1, 1))
            picture.load()
    except Image.DecompressionBombError as error:
        raise PictureError(f'has more than {limits.megapixels:g} megapixels') from error
    except Image.UnidentifiedImageError as error:
        raise PictureError(f'is no picture in {", ".join(FORMATS)} format') from error
    except PictureError:
        raise
    except Exception as error:  # PIL's decoders raise many kinds on a broken file
        raise PictureError('is damaged: it cannot be decoded') from error


def shrink(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """Scale a picture down so that no side is longer than ``side`` pixels.

    Returns:
        The picture, and its size as a share of the original's.
    """
    scale = min(1.0, side / max(image.shape[:2]))
    if scale == 1.0:
        return image, scale
    return mmcv.imrescale(image, scale, interpolation='area'), scale
