"""The shapes ContextShapes draws, each as a small picture with a mask.

Everything is drawn with integer coordinates and without anti-aliasing, so that the
same random numbers give the same pixels on every machine. Colours are BGR, as
OpenCV writes them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True)
class Sprite:
    """A drawn object, cut to its own extent.

    Attributes:
        pixels: (h, w, 3) uint8, BGR.
        mask: (h, w) bool, the object's pixels; it touches all four sides.
    """

    pixels: np.ndarray
    mask: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.mask.shape[1], self.mask.shape[0]

    def rotated(self, quarter_turns: int) -> 'Sprite':
        """The sprite turned counter-clockwise by quarter turns."""
        return Sprite(
            np.rot90(self.pixels, quarter_turns), np.rot90(self.mask, quarter_turns)
        )


class _Canvas:
    """Draws a shape in its colours and remembers which pixels are its own."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels = np.zeros((height, width, 3), np.uint8)
        self.mask = np.zeros((height, width), np.uint8)

    def rectangle(self, x1: int, y1: int, x2: int, y2: int, colour: list[int]) -> None:
        for layer, value in ((self.pixels, colour), (self.mask, 1)):
            cv2.rectangle(layer, (x1, y1), (x2, y2), value, cv2.FILLED)

    def circle(self, x: int, y: int, radius: int, colour: list[int]) -> None:
        for layer, value in ((self.pixels, colour), (self.mask, 1)):
            cv2.circle(layer, (x, y), radius, value, cv2.FILLED)

    def polygon(self, points: list[tuple[int, int]], colour: list[int]) -> None:
        for layer, value in ((self.pixels, colour), (self.mask, 1)):
            cv2.fillPoly(layer, [np.array(points, np.int32)], value)

    def sprite(self) -> Sprite:
        rows, columns = np.nonzero(self.mask)
        cut = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        return Sprite(self.pixels[cut], self.mask[cut].astype(bool))


def _jitter(rng: Rng, colour: tuple[int, int, int], by: int = 25) -> list[int]:
    return np.clip(np.add(colour, rng.integers(-by, by + 1, 3)), 0, 255).tolist()


def _shade(colour: list[int], by: int) -> list[int]:
    return [int(np.clip(channel + by, 0, 255)) for channel in colour]


def _grey(rng: Rng, low: int, high: int) -> list[int]:
    return [int(rng.integers(low, high))] * 3


def disc(rng: Rng, side: int) -> Sprite:
    """A light disc with a dark rim: ball, plate and wheel all look like this."""
    canvas, radius, grey = _Canvas(side, side), side // 2, _grey(rng, 170, 230)
    canvas.circle(radius, radius, radius, _shade(grey, -120))
    canvas.circle(radius, radius, radius - 3, grey)
    return canvas.sprite()


def square(rng: Rng, side: int) -> Sprite:
    """A dark square with a light rim: base, book and parcel all look like this."""
    canvas, grey = _Canvas(side, side), _grey(rng, 20, 80)
    canvas.rectangle(0, 0, side - 1, side - 1, _shade(grey, 120))
    canvas.rectangle(3, 3, side - 4, side - 4, grey)
    return canvas.sprite()


def bat(rng: Rng, length: int) -> Sprite:
    """A handle that ends in a thicker barrel."""
    canvas, colour = _Canvas(length, 13), _jitter(rng, (50, 130, 200))
    neck = length * 2 // 5
    canvas.rectangle(0, 2, neck, 10, _shade(colour, -40))
    canvas.polygon([(neck, 2), (neck + 8, 0), (neck + 8, 12), (neck, 10)], colour)
    canvas.rectangle(neck + 8, 0, length - 1, 12, colour)
    sprite = canvas.sprite()
    return sprite.rotated(2) if rng.integers(2) else sprite


def table(rng: Rng, length: int) -> Sprite:
    """A top on two legs; the side towards its object is the top."""
    canvas, colour = _Canvas(length, 25), _jitter(rng, (180, 120, 60))
    for left in (2, length - 9):
        canvas.rectangle(left, 8, left + 6, 24, _shade(colour, -40))
    canvas.rectangle(0, 0, length - 1, 9, colour)
    return canvas.sprite()


def car(rng: Rng, length: int) -> Sprite:
    """A body with a cabin and two windows; its object is at the body's flat side."""
    canvas, colour = _Canvas(length, 25), _jitter(rng, (70, 60, 190))
    third = length // 3
    cabin = [(7, 13), (third - 3, 24), (2 * third + 3, 24), (length - 8, 13)]
    canvas.polygon(cabin, colour)
    canvas.rectangle(0, 0, length - 1, 13, colour)
    for left in (third - 2, third + 9):
        canvas.rectangle(left, 15, left + 6, 20, [220, 220, 200])
    return canvas.sprite()


def star(rng: Rng, side: int) -> Sprite:
    """A four-pointed star."""
    far, low, high = side - 1, side * 3 // 8, side - 1 - side * 3 // 8
    middle = side // 2
    canvas = _Canvas(side, side)
    points = [(middle, 0), (high, low), (far, middle), (high, high)]
    points += [(middle, far), (low, high), (0, middle), (low, low)]
    canvas.polygon(points, _jitter(rng, (60, 210, 220)))
    return canvas.sprite()


def cross(rng: Rng, side: int) -> Sprite:
    """An upright cross."""
    canvas, colour = _Canvas(side, side), _jitter(rng, (90, 190, 70))
    low, high = side // 3, side - 1 - side // 3
    canvas.rectangle(low, 0, high, side - 1, colour)
    canvas.rectangle(0, low, side - 1, high, colour)
    return canvas.sprite()


LOOK_ALIKES: dict[str, Callable[[Rng, int], Sprite]] = dict(disc=disc, square=square)
PARTNERS: dict[str, Callable[[Rng, int], Sprite]] = dict(bat=bat, table=table, car=car)
PLAIN: dict[str, Callable[[Rng, int], Sprite]] = dict(star=star, cross=cross)
