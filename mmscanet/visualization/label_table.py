"""The labels of an image as a table, by falling score."""

from collections.abc import Sequence

import numpy as np

from mmscanet.structures import LabelEvidence

from .canvas import Canvas
from .keys import GLYPH, PAD, ROW, Key, draw_glyph
from .palette import FAINT, INK, RED, TRACK, Colour, label_colour

# In units of the text's height.
NUMBER, BAR, GAP = 2.6, 3.2, 1.2
LONGEST_NAME = 16.0


def colour_of(label: LabelEvidence) -> Colour:
    """Red for a label that only context makes pass, else the label's own."""
    return RED if label.context_only else label_colour(label.index)


def draw_table(like: Canvas, title: str, labels: Sequence[LabelEvidence]) -> Canvas:
    """Draw a row for each label: its name, and each score as a number and a bar.

    A tick in each bar marks the label's threshold. Where there is room, the table
    has several columns, to be read downwards.

    Args:
        like: Gives the size of the letters, and the width that should do.
        title: Heading of the names.
        labels: At least one.

    Returns:
        The table, wider than ``like`` if it must be.
    """
    unit = like.unit
    # A model has the same branches for all labels.
    scores = labels[0].scores._asdict()
    names = [name for name, score in scores.items() if score is not None]
    texts = (title, *map(_name, labels))
    name_width = min(max(map(like.text_width, texts)), LONGEST_NAME * unit)
    starts = (PAD + GLYPH + GAP + np.arange(len(names)) * (NUMBER + BAR + GAP)) * unit
    starts += name_width
    whole = starts[-1] + (NUMBER + BAR + PAD) * unit
    width = max(like.image.width, int(np.ceil(whole)))
    columns = min(int(width // whole), len(labels))
    rows = -(-len(labels) // columns)
    canvas = like.blank(width, round(((rows + 1) * ROW + PAD / 2) * unit))
    middles = ((np.arange(rows + 1) + 0.5) * ROW + PAD / 2) * unit
    for number in range(-(-len(labels) // rows)):
        left = number * whole
        canvas.text(left + PAD * unit, middles[0], title, FAINT)
        for x, name in zip(left + starts, names, strict=True):
            canvas.text(x, middles[0], name, FAINT)
        shown = labels[number * rows : (number + 1) * rows]
        for y, label in zip(middles[1:], shown, strict=False):
            _draw_name(canvas, left + PAD * unit, y, label, name_width)
            for x, name in zip(left + starts, names, strict=True):
                _draw_score(canvas, x, y, getattr(label.scores, name), label)
    return canvas


def _name(label: LabelEvidence) -> str:
    """The name with a star if the label is red, for those who see no red."""
    return label.name + ' *' * label.context_only


def _draw_name(
    canvas: Canvas, x: float, y: float, label: LabelEvidence, width: float
) -> None:
    """Draw the colour and the name of a label; ``y`` is the middle of the row."""
    draw_glyph(canvas, x, y, Key('', 'square', colour_of(label)))
    ink = RED if label.context_only else INK
    canvas.text(x + GLYPH * canvas.unit, y, _name(label), ink, width)


def _draw_score(
    canvas: Canvas, x: float, y: float, score: float, label: LabelEvidence
) -> None:
    """Draw a score in [0, 1] as a number and a bar with a tick at the threshold."""
    unit = canvas.unit
    canvas.text(x, y, f'{score:.2f}', INK)
    left, width, half = x + NUMBER * unit, BAR * unit, 0.22 * unit
    box = np.array([left, y - half, left + width, y + half])
    canvas.bar(box, score, colour_of(label), TRACK)
    threshold = min(max(label.threshold, 0.0), 1.0)
    draw_glyph(canvas, left + threshold * width, y, Key('', 'tick', INK))


def legend(labels: Sequence[LabelEvidence]) -> list[Key]:
    """What the lines, bars and ticks of a picture of these labels mean."""
    boxes = [label.boxes[0] for label in labels if label.boxes]
    keys = []
    if boxes:
        keys.append(Key('box', 'line', INK))
    if any(box.context_box is not None for box in boxes):
        keys.append(Key('its context patch', 'dashes', INK))
    if any(len(box.scores.of_branches) == 2 for box in boxes):
        keys.append(Key('bars at a box: object, context'))
    keys.append(Key('threshold', 'tick', INK))
    if any(label.context_only for label in labels):
        keys.append(Key('* passes only thanks to context', 'square', RED))
    return keys
