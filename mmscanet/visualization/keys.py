"""Glyphs with what they stand for, in rows: a legend, or the labels of an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .canvas import Canvas
from .palette import FAINT, Colour

# In units of the text's height.
ROW, PAD, GLYPH, GAP = 1.55, 0.6, 1.4, 1.1


@dataclass(frozen=True)
class Key:
    """A glyph with what it stands for.

    Attributes:
        text: What it stands for.
        glyph: A square, a line, a dashed line, an upright tick, or none.
        colour: Of the glyph.
        ink: Of the text.
    """

    text: str
    glyph: Literal['square', 'line', 'dashes', 'tick'] | None = None
    colour: Colour = FAINT
    ink: Colour = FAINT


def draw_keys(like: Canvas, width: int, keys: Sequence[Key]) -> Canvas:
    """Draw keys from left to right, in as many rows as ``width`` asks for.

    Args:
        like: Gives the size of the letters.
        width: Of the result, in pixels.
        keys: What to draw. A text wider than a row is shortened.
    """
    unit = like.unit
    rows: list[list[tuple[float, Key]]] = []
    x, right = np.inf, width - PAD * unit
    for key in keys:
        needed = _glyph_width(key, unit) + like.text_width(key.text)
        if not rows or x + needed > right:
            rows.append([])
            x = PAD * unit
        rows[-1].append((x, key))
        x += needed + GAP * unit
    canvas = like.blank(width, round((len(rows) * ROW + PAD) * unit))
    for number, row in enumerate(rows):
        for x, key in row:
            y = (PAD / 2 + (number + 0.5) * ROW) * unit
            draw_glyph(canvas, x, y, key)
            x += _glyph_width(key, unit)
            canvas.text(x, y, key.text, key.ink, width=right - x)
    return canvas


def _glyph_width(key: Key, unit: int) -> float:
    widths = {None: 0, 'tick': GLYPH / 3}
    return widths.get(key.glyph, GLYPH) * unit


def draw_glyph(canvas: Canvas, x: float, y: float, key: Key) -> None:
    """Draw the glyph of a key, its left end at ``x``, its middle at height ``y``."""
    unit = canvas.unit
    if key.glyph == 'square':
        half = 0.4 * unit
        canvas.fill(np.array([x, y - half, x + 2 * half, y + half]), key.colour)
    elif key.glyph == 'tick':
        # A whole number first, or rounding would make ticks of different widths.
        left, half = round(x - canvas.thin / 2), 0.42 * unit
        box = np.array([left, y - half, left + canvas.thin, y + half])
        canvas.fill(box, key.colour)
    elif key.glyph in ('line', 'dashes'):
        height = canvas.line if key.glyph == 'line' else canvas.thin
        # Three dashes and two gaps, or all five pieces.
        for piece in range(0, 5, 1 if key.glyph == 'line' else 2):
            start = x + piece * unit / 5
            box = np.array([start, y, start + unit / 5, y + height])
            canvas.fill(box - [0, height / 2, 0, height / 2], key.colour)
