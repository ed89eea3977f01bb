"""Boxes on a picture, each with a tag that says what it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .palette import Colour, ink_on

LONGEST_TEXT = 18  # heights of text, in the width of a tag


@dataclass(frozen=True)
class Mark:
    """A box to draw, in pixels of the canvas.

    Attributes:
        box: (4,), (x1, y1, x2, y2).
        colour: Of the box and its tag.
        text: Of the tag.
        bars: Scores in [0, 1] that the tag shows as bars, one above the other.
        context_box: (4,), drawn as a thin dashed line.
        dashed: Whether the box is, too.
        thin: Whether the box has a thin line.
    """

    box: np.ndarray
    colour: Colour
    text: str
    bars: tuple[float, ...] = ()
    context_box: np.ndarray | None = None
    dashed: bool = False
    thin: bool = False


def draw_marks(canvas: Canvas, marks: Sequence[Mark]) -> None:
    """Draw boxes, their context patches and their tags.

    The first mark lies on top and chooses the place of its tag first; a mark for
    which there is no place left has no tag. A frame lies around its box; at the
    border of the picture it moves inside, and so does one that would cover an
    earlier one, as where two labels were read from one patch.
    """
    bounds = np.array([0, 0, *canvas.image.size], dtype=float)
    frames, outlines = _lay_out(canvas, marks, bounds)
    tags: list[np.ndarray | None] = []
    for mark, frame in zip(marks, frames, strict=True):
        tags.append(place_tag(_tag_size(canvas, mark), frame, tags, bounds))
    dash = 3 * canvas.line
    for mark, outline in reversed(list(zip(marks, outlines, strict=True))):
        if outline is not None:
            canvas.frame(outline, mark.colour, canvas.thin, dash)
    for mark, frame in reversed(list(zip(marks, frames, strict=True))):
        width = canvas.thin if mark.thin else canvas.line
        canvas.frame(frame, mark.colour, width, dash if mark.dashed else None)
    for mark, tag in reversed(list(zip(marks, tags, strict=True))):
        if tag is not None:
            _draw_tag(canvas, mark, tag)


def _lay_out(
    canvas: Canvas, marks: Sequence[Mark], bounds: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """The outsides of the marks' frames and of their context patches' outlines."""
    thick, thin = (width + 2 * canvas.seam for width in (canvas.line, canvas.thin))
    frames, outlines, taken = [], [], []
    for mark in marks:
        frame, outline = _around(mark.box, thick, bounds), None
        if mark.context_box is not None:
            outline = _apart(_around(mark.context_box, thin, bounds), taken, thick)
            frame = _inside(frame, outline, thin)
            taken.append(outline)
        frame = _apart(frame, taken, thick)
        taken.append(frame)
        frames.append(frame)
        outlines.append(outline)
    return frames, outlines


def _around(box: np.ndarray, width: float, bounds: np.ndarray) -> np.ndarray:
    """The outside of a frame of ``width`` around a box, inside the picture."""
    grown = np.round(box) + np.array([-1, -1, 1, 1]) * width
    # A box beside the picture, or turned inside out, becomes a spot at its border.
    lower, upper = np.minimum(grown[:2], grown[2:]), np.maximum(grown[:2], grown[2:])
    spot = np.minimum(2 * width, bounds[2:])
    lower = lower.clip(0, bounds[2:] - spot)
    return np.concatenate([lower, np.maximum(upper.clip(0, bounds[2:]), lower + spot)])


def _inside(frame: np.ndarray, outer: np.ndarray, room: float) -> np.ndarray:
    """Move the sides of a frame off those sides of ``outer`` that they would cover."""
    free = outer + np.array([1, 1, -1, -1]) * room
    moved = np.where(np.abs(frame - outer) < room, free, frame)
    return moved if (moved[2:] - moved[:2] > 2 * room).all() else frame


def _apart(frame: np.ndarray, others: Sequence[np.ndarray], step: float) -> np.ndarray:
    """Shrink a frame until no other covers it, as far as its size permits."""
    while any((np.abs(frame - other) < step / 2).all() for other in others):
        smaller = frame + np.array([1, 1, -1, -1]) * step
        if (smaller[2:] - smaller[:2] < 4 * step).any():
            break
        frame = smaller
    return frame


def _tag_size(canvas: Canvas, mark: Mark) -> np.ndarray:
    """Width and height of a tag, at most the picture's width."""
    pad, bars = canvas.unit // 4, _bars_width(canvas, mark)
    text = min(canvas.text_width(mark.text), LONGEST_TEXT * canvas.unit)
    width = 2 * pad + text + bars
    return np.array([min(width, canvas.image.width), round(1.4 * canvas.unit)])


def _bars_width(canvas: Canvas, mark: Mark) -> int:
    """Width of the bars of a tag and the gap before them."""
    return round(2.4 * canvas.unit) if mark.bars else 0


def place_tag(
    size: np.ndarray,
    frame: np.ndarray,
    taken: Sequence[np.ndarray | None],
    bounds: np.ndarray,
) -> np.ndarray | None:
    """Find a place for a tag at a frame, inside the picture.

    The first where no other tag is, else the one where there is least of others;
    none if they would cover more than half of it.
    """
    best, least = None, size.prod() / 2
    for corner in _corners(size, frame, bounds):
        tag = np.concatenate([corner, corner + size])
        covered = sum(_overlap(tag, other) for other in taken if other is not None)
        if covered < least:
            best, least = tag, covered
        if covered == 0:
            break
    return best


def _corners(
    size: np.ndarray, frame: np.ndarray, bounds: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield the places of a tag, the best first, each by its upper left corner."""
    width, height = size
    x1, y1, x2, y2 = frame
    last_x, last_y = np.maximum(bounds[2:] - size, 0)
    above, top, bottom, below = y1 - height, y1, y2 - height, y2
    inside = (top, bottom) if y2 - y1 > 4 * height else ()
    rows = [y for y in (above, *inside, below, top, bottom) if 0 <= y <= last_y]
    # Then down and up from the frame, in steps of a tag.
    steps = np.arange(1, bounds[3] // height + 1) * height
    rows += [y for step in steps for y in (top + step, top - step) if 0 <= y <= last_y]
    for y in rows or [np.clip(top, 0, last_y)]:
        for x in (x1, x2 - width):
            yield np.array([np.clip(x, 0, last_x), y])


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Area that two boxes share."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    return float(sides.clip(0).prod())


def _draw_tag(canvas: Canvas, mark: Mark, tag: np.ndarray) -> None:
    """Draw the text and the bars of a mark into the box ``tag``."""
    ink, pad = ink_on(mark.colour), canvas.unit // 4
    x1, y1, x2, y2 = tag
    bars = _bars_width(canvas, mark)
    canvas.fill(tag, mark.colour)
    room = x2 - x1 - 2 * pad - bars
    canvas.text(x1 + pad, (y1 + y2) / 2, mark.text, ink, width=room)
    height = canvas.unit * 0.34
    gap = canvas.unit * 0.2
    middle = (y1 + y2 - height) / 2
    rest = tuple((3 * c + i) // 4 for c, i in zip(mark.colour, ink, strict=True))
    for number, share in enumerate(mark.bars):
        y = middle + (number - (len(mark.bars) - 1) / 2) * (height + gap)
        box = np.array([x2 - pad - 2 * canvas.unit, y, x2 - pad, y + height])
        canvas.bar(box, share, ink, rest)
