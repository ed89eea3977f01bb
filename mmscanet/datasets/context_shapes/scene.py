"""Composing one ContextShapes scene: what is in it, where, and its pixels.

A scene holds pairs (a look-alike and the partner beside it), partners on their own,
and plain objects. The label of a look-alike is read from its partner alone, which
never reaches into the look-alike's box and always into the box expanded by
:data:`CONTEXT_SCALE`; no other partner does. Boxes are (x, y, width, height) in whole
pixels, x and y being the first pixel inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from . import sprites
from .sprites import Rng, Sprite

Box = tuple[int, int, int, int]

#: look-alike, then partner -> label
LABELS: dict[str, dict[str, str]] = dict(
    disc=dict(bat='ball', table='plate', car='wheel'),
    square=dict(bat='base', table='book', car='parcel'),
)
#: The labels that only the surroundings tell.
CONTEXT_CLASSES: tuple[str, ...] = tuple(
    label for by_partner in LABELS.values() for label in by_partner.values()
)
CLASSES: tuple[str, ...] = (
    *CONTEXT_CLASSES,
    *sprites.PARTNERS,
    *sprites.PLAIN,
)

#: Expansion of a look-alike's box within which its partner, and no other, shows.
CONTEXT_SCALE = 3.0
#: Side of look-alikes and plain objects: odd, and small by COCO's measure (< 32^2).
SMALL_SIDES = np.arange(19, 26, 2)
#: Long side of partners.
PARTNER_LENGTHS = np.arange(41, 50)
#: Free pixels between a look-alike and its partner.
GAPS = np.arange(8, 12)
#: Side of an image that the largest pair fits into, in pixels.
SMALLEST_SIZE = int(PARTNER_LENGTHS.max() + GAPS.max() + SMALL_SIDES.max())
_MAX_TRIES = 60


@dataclass(frozen=True)
class SceneObject:
    """One annotated object.

    Attributes:
        label: its class, one of :data:`CLASSES`.
        box: its tight box.
        sprite: its pixels, as large as the box.
        partner: for a look-alike, the position of its partner in the scene's list.
    """

    label: str
    box: Box
    sprite: Sprite
    partner: int | None = None


def expand(box: Box, scale: float) -> Box:
    """Scale a box about its centre, rounded outwards to whole pixels."""
    x, y, w, h = box
    by_x, by_y = (int(np.ceil(side * (scale - 1) / 2)) for side in (w, h))
    return x - by_x, y - by_y, w + 2 * by_x, h + 2 * by_y


def overlap(a: Box, b: Box) -> int:
    """Area that two boxes share, in pixels."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(w, 0) * max(h, 0)


def _inside(box: Box, size: int) -> bool:
    x, y, w, h = box
    return x >= 0 and y >= 0 and x + w <= size and y + h <= size


def _choice(rng: Rng, values: Sequence) -> Any:
    return values[int(rng.integers(len(values)))]


def _place(rng: Rng, sprite: Sprite, size: int) -> Box:
    w, h = sprite.size
    x, y = (int(rng.integers(0, size - side + 1)) for side in (w, h))
    return x, y, w, h


def _beside(rng: Rng, partner: Box, side: int, quarter_turns: int) -> Box:
    """A box of ``side`` along the partner's face, which the turns point somewhere.

    Not turned, the partner faces up; each quarter turn is counter-clockwise.
    """
    x, y, w, h = partner
    gap = int(_choice(rng, GAPS))
    along = int(rng.integers(0, max(w, h) - side + 1))
    corners = [
        (x + along, y - gap - side),
        (x - gap - side, y + along),
        (x + along, y + h + gap),
        (x + w + gap, y + along),
    ]
    return *corners[quarter_turns], side, side


def _new_pair(rng: Rng, size: int) -> list[SceneObject]:
    """A partner and the look-alike it gives a label; may reach out of the image."""
    shape = _choice(rng, list(LABELS))
    kind = _choice(rng, list(sprites.PARTNERS))
    turns, side = int(rng.integers(4)), int(_choice(rng, SMALL_SIDES))
    length = int(_choice(rng, PARTNER_LENGTHS))
    partner = sprites.PARTNERS[kind](rng, length).rotated(turns)
    look_alike = sprites.LOOK_ALIKES[shape](rng, side)
    partner_box = _place(rng, partner, size)
    return [
        SceneObject(kind, partner_box, partner),
        SceneObject(
            LABELS[shape][kind],
            _beside(rng, partner_box, side, turns),
            look_alike,
            partner=0,
        ),
    ]


def _new_partner(rng: Rng, size: int) -> list[SceneObject]:
    kind = _choice(rng, list(sprites.PARTNERS))
    length, turns = int(_choice(rng, PARTNER_LENGTHS)), int(rng.integers(4))
    sprite = sprites.PARTNERS[kind](rng, length).rotated(turns)
    return [SceneObject(kind, _place(rng, sprite, size), sprite)]


def _new_plain(rng: Rng, size: int) -> list[SceneObject]:
    kind = _choice(rng, list(sprites.PLAIN))
    sprite = sprites.PLAIN[kind](rng, int(_choice(rng, SMALL_SIDES)))
    return [SceneObject(kind, _place(rng, sprite, size), sprite)]


def _reach(item: SceneObject) -> Box:
    """The part of the image that the objects of other groups keep out of."""
    if item.partner is None:
        return expand(item.box, 1.1)
    return expand(item.box, CONTEXT_SCALE)


def _fits(group: list[SceneObject], scene: list[SceneObject], size: int) -> bool:
    return all(_inside(item.box, size) for item in group) and not any(
        overlap(_reach(item), _reach(other)) for item in group for other in scene
    )


def compose(rng: Rng, size: int) -> list[SceneObject]:
    """Draw the objects of one scene and their places.

    Args:
        rng: the scene's own random numbers.
        size: width and height of the image in pixels.

    Returns:
        The objects; what found no free place after some tries is left out.
    """
    makers = [_new_pair] * int(rng.integers(1, 4))
    makers += [_new_partner] * int(rng.integers(0, 3))
    makers += [_new_plain] * int(rng.integers(0, 3))
    scene: list[SceneObject] = []
    for maker in makers:
        for _ in range(_MAX_TRIES):
            group = maker(rng, size)
            if _fits(group, scene, size):
                first = len(scene)
                for item in group:
                    partner = None if item.partner is None else first + item.partner
                    scene.append(
                        SceneObject(item.label, item.box, item.sprite, partner)
                    )
                break
    return scene


def _muted(rng: Rng, low: int, high: int) -> np.ndarray:
    """A nearly grey colour (3,): only annotated objects are colourful."""
    return rng.integers(low, high) + rng.integers(-15, 16, 3)


def _background(rng: Rng, size: int) -> np.ndarray:
    """A sloping grey with blobs and lines that mean nothing."""
    steps = np.arange(size) * rng.integers(-60, 61, (2, 1)) // size
    slope = steps[0][None, :] + steps[1][:, None]
    image = slope[..., None] + _muted(rng, 80, 180)
    image = np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8))
    for _ in range(int(rng.integers(4, 9))):
        x, y = rng.integers(0, size, 2).tolist()
        axes = rng.integers(3, 12, 2).tolist()
        angle = int(rng.integers(180))
        colour = _muted(rng, 40, 216).tolist()
        cv2.ellipse(image, (x, y), axes, angle, 0, 360, colour, cv2.FILLED)
    for _ in range(int(rng.integers(4, 9))):
        (x1, y1), (x2, y2) = rng.integers(0, size, (2, 2)).tolist()
        colour = _muted(rng, 40, 216).tolist()
        cv2.line(image, (x1, y1), (x2, y2), colour, int(rng.integers(1, 3)))
    return image


def render(rng: Rng, scene: list[SceneObject], size: int) -> np.ndarray:
    """Paint a scene over clutter and add pixel noise.

    Returns:
        (size, size, 3) uint8, BGR.
    """
    image = _background(rng, size)
    for item in scene:
        x, y, w, h = item.box
        image[y : y + h, x : x + w][item.sprite.mask] = item.sprite.pixels[
            item.sprite.mask
        ]
    noise = rng.integers(-10, 11, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
