"""Colours of labels; red is kept for those that only context makes pass."""

Colour = tuple[int, int, int]

#: Of a label that passes only thanks to the context branch (paper, Fig. 3).
RED: Colour = (235, 38, 44)

BACKGROUND: Colour = (24, 24, 28)
INK: Colour = (236, 236, 236)
FAINT: Colour = (150, 150, 156)
BLACK: Colour = (0, 0, 0)
TRACK: Colour = (70, 70, 76)  # the rest of a bar

# Neighbours in the class list are far apart in hue. There is nothing near red: mmdet's
# palettes of COCO and VOC, which have reds, would be misread.
LABEL_COLOURS: tuple[Colour, ...] = (
    (60, 210, 250),
    (255, 200, 40),
    (150, 120, 255),
    (70, 210, 90),
    (240, 240, 80),
    (70, 140, 255),
    (40, 225, 180),
    (240, 150, 255),
    (170, 230, 60),
    (205, 110, 255),
    (0, 140, 200),
    (200, 150, 0),
    (115, 80, 220),
    (0, 155, 65),
    (160, 170, 0),
    (50, 95, 230),
    (0, 165, 140),
    (190, 120, 205),
    (110, 165, 30),
    (160, 65, 210),
)


def label_colour(index: int) -> Colour:
    """The colour of a label by its place in the class list; repeats after 20."""
    return LABEL_COLOURS[index % len(LABEL_COLOURS)]


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever reads better on ``colour`` (luma of ITU-R BT.601)."""
    red, green, blue = colour
    return BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else INK
