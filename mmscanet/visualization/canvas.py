"""Text, frames and bars in whole pixels, in sizes that follow from one unit."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image, ImageDraw, ImageFont

from mmscanet.errors import UsageError

from .palette import BACKGROUND, BLACK, Colour


def find_font(font: str) -> str:
    """The file of a font, given as a file or as a family that matplotlib knows.

    Raises:
        UsageError: There is no such font, or it is no TrueType or OpenType font.
    """
    try:
        path = font
        if not Path(font).is_file():
            path = findfont(FontProperties(family=[font]), fallback_to_default=False)
        load_font(path, 12)
    except (OSError, ValueError) as error:
        raise UsageError(
            f'font {font}: neither a font file nor a family that matplotlib finds'
        ) from error
    return path


@lru_cache(maxsize=32)
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at ``size`` pixels; laid out alike wherever it runs."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """An RGB picture to draw on, in place.

    Boxes are (x1, y1, x2, y2), the last column and row not included. What lies
    outside is cut off.

    Args:
        image: The picture.
        unit: Height of the text, in pixels. Lines and gaps are in proportion.
        font: File of a font, from :func:`find_font`.

    Attributes:
        line: Width of a line. A frame has a dark seam of ``seam`` on both sides, so
            that it can be seen on any ground.
        thin: Width of a thin line.
    """

    def __init__(self, image: Image.Image, unit: int, font: str) -> None:
        self.image = image
        self.unit = unit
        self.font = load_font(font, unit)
        self._font_file = font
        self.line = max(2, round(unit / 5))
        self.thin = max(1, round(unit / 8))
        self.seam = max(1, round(unit / 16))
        self._draw = ImageDraw.Draw(image)

    def blank(self, width: int, height: int) -> 'Canvas':
        """A canvas of the background's colour with letters of the same size."""
        image = Image.new('RGB', (width, height), BACKGROUND)
        return Canvas(image, self.unit, self._font_file)

    def fill(self, box: np.ndarray, colour: Colour) -> None:
        """Fill a box."""
        x1, y1, x2, y2 = np.round(box).astype(int).tolist()
        if x1 < x2 and y1 < y2:
            self._draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour)

    def frame(
        self, box: np.ndarray, colour: Colour, width: int, dash: int | None = None
    ) -> None:
        """Draw a line of ``width`` with its seams along the inside of a box.

        Args:
            box: The outside of the frame.
            colour: Of the line.
            width: Of the line, in pixels.
            dash: Length of a dash, in pixels, the gap after it being 0.7 of that; by
                default the line is whole.
        """
        inner = box + np.array([1, 1, -1, -1]) * self.seam
        sides = _sides(inner, width)
        if dash is not None:
            sides = [piece for side in sides for piece in _pieces(side, dash)]
        for side in sides:
            self.fill(side + np.array([-1, -1, 1, 1]) * self.seam, BLACK)
        for side in sides:
            self.fill(side, colour)

    def bar(self, box: np.ndarray, share: float, colour: Colour, rest: Colour) -> None:
        """Fill the left ``share`` of a box with one colour, the rest with another."""
        x1, y1, x2, y2 = box
        middle = x1 + (x2 - x1) * min(max(share, 0.0), 1.0)
        self.fill(box, rest)
        self.fill(np.array([x1, y1, middle, y2]), colour)

    def text_width(self, text: str) -> int:
        """Width of a line of text, in pixels."""
        return int(np.ceil(self.font.getlength(one_line(text))))

    def elide(self, text: str, width: float) -> str:
        """Take out the middle of a text until it is no wider than ``width``."""
        text = one_line(text)
        shortest, longest = 0, len(text)
        if self.text_width(text) <= width:
            return text
        while shortest < longest:  # of the numbers of characters that fit
            count = (shortest + longest + 1) // 2
            if self.text_width(_shorten(text, count)) <= width:
                shortest = count
            else:
                longest = count - 1
        return _shorten(text, shortest)

    def text(
        self, x: float, y: float, text: str, colour: Colour, width: float | None = None
    ) -> int:
        """Write a line of text.

        Args:
            x: Left end.
            y: Middle of its height, whatever letters it has.
            text: What to write.
            colour: Of the letters.
            width: What it may take up at most, see :meth:`elide`.

        Returns:
            Its width, in pixels.
        """
        text = one_line(text) if width is None else self.elide(text, width)
        # The middle of capital letters, so that lines do not dance.
        baseline = round(y + 0.36 * self.unit)
        self._draw.text((round(x), baseline), text, colour, self.font, anchor='ls')
        return self.text_width(text)


def one_line(text: str) -> str:
    """Replace line breaks and runs of blanks by one blank each."""
    return ' '.join(text.split())


def stack(images: Sequence[Image.Image], across: bool = False) -> Image.Image:
    """Put pictures one under the other, or one beside the other.

    Narrower (or lower) ones are centred (at the top), on the background.
    """
    widths, heights = zip(*(each.size for each in images), strict=True)
    if across:
        result = Image.new('RGB', (sum(widths), max(heights)), BACKGROUND)
        corners = [(sum(widths[:i]), 0) for i in range(len(images))]
    else:
        result = Image.new('RGB', (max(widths), sum(heights)), BACKGROUND)
        corners = [
            ((result.width - widths[i]) // 2, sum(heights[:i]))
            for i in range(len(images))
        ]
    for image, corner in zip(images, corners, strict=True):
        result.paste(image, corner)
    return result


def _shorten(text: str, count: int) -> str:
    """Keep ``count`` characters, half of them from the end."""
    tail = count // 2
    return f'{text[: count - tail]}…{text[len(text) - tail :]}'


def _sides(box: np.ndarray, width: int) -> list[np.ndarray]:
    """The four sides of a frame of ``width`` along the inside of a box."""
    x1, y1, x2, y2 = box
    wide, high = min(width, x2 - x1), min(width, y2 - y1)
    return [
        np.array([x1, y1, x2, y1 + high]),
        np.array([x1, y2 - high, x2, y2]),
        np.array([x1, y1, x1 + wide, y2]),
        np.array([x2 - wide, y1, x2, y2]),
    ]


def _pieces(side: np.ndarray, dash: int) -> list[np.ndarray]:
    """The dashes of ``dash`` pixels along the longer axis of a side."""
    axis = int(side[3] - side[1] > side[2] - side[0])
    starts = np.arange(side[axis], side[axis + 2], 1.7 * dash)
    pieces = np.tile(side, (len(starts), 1))
    pieces[:, axis] = starts
    pieces[:, axis + 2] = np.minimum(starts + dash, side[axis + 2])
    return list(pieces)
