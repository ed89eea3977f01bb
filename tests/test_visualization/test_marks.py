"""Boxes and tags: inside the picture, and each to be seen."""

import numpy as np
import pytest
from PIL import Image

from mmscanet.visualization.canvas import Canvas, find_font
from mmscanet.visualization.marks import Mark, draw_marks, place_tag
from mmscanet.visualization.palette import LABEL_COLOURS

WIDTH, HEIGHT = 400, 300
ONE, TWO = LABEL_COLOURS[:2]


def draw(*marks: Mark) -> np.ndarray:
    canvas = Canvas(Image.new('RGB', (WIDTH, HEIGHT)), 15, find_font('DejaVu Sans'))
    draw_marks(canvas, marks)
    return np.asarray(canvas.image)


def where(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return (picture == colour).all(axis=-1)


def test_box_is_framed_from_outside():
    found = where(draw(Mark(np.array([100, 100, 200, 180]), ONE, 'cat')), ONE)
    assert not found[100:180, 100:200].any()
    assert found[100:180, 97].all() and found[100:180, 202].all()
    assert found[182, 100:200].all()


def test_context_patch_is_a_dashed_outline_of_the_same_colour():
    box, context = np.array([100, 100, 200, 180]), np.array([60, 60, 260, 240])
    found = where(draw(Mark(box, ONE, 'cat', context_box=context)), ONE)
    for line in (found[241, 60:260], found[60:240, 58], found[60:240, 261]):
        assert 0.4 < line.mean() < 0.8
    assert not where(draw(Mark(box, ONE, 'cat')), ONE)[241].any()


def test_whole_image_is_framed_inside_beside_its_context_patch():
    whole = np.array([0, 0, WIDTH, HEIGHT])
    found = where(draw(Mark(whole, ONE, 'cat', context_box=whole)), ONE)
    # From the left border: seam, two pixels of dash, seam; then seam, line, seam.
    assert 0.4 < found[:, 1].mean() < 0.8
    assert found[30:280, 5:8].all() and not found[30:280, 9:390].any()


def test_labels_of_one_patch_are_both_seen():
    box = np.array([50, 80, 350, 250])
    drawn = draw(Mark(box, ONE, 'cat'), Mark(box, TWO, 'dog'))
    for colour in (ONE, TWO):
        found = where(drawn, colour)
        assert found[100:230, :200].sum(axis=1).min() == 3  # the left side, whole


@pytest.mark.parametrize(
    'box',
    [
        [500, 400, 600, 500],
        [-50, -50, -10, -10],
        [30, 30, 30, 30],
        [200, 200, 100, 100],
        [-1e6, -1e6, 1e6, 1e6],
    ],
)
def test_odd_boxes_leave_a_trace_in_the_picture(box):
    drawn = draw(Mark(np.array(box, float), ONE, 'cat', context_box=np.array(box)))
    assert drawn.shape == (HEIGHT, WIDTH, 3)
    assert where(drawn, ONE).any()


def test_tags_make_room_for_each_other():
    box = np.array([195, 145, 205, 155])
    drawn = draw(*(Mark(box, c, 'aeroplane 0.50', (0.5, 0.5)) for c in LABEL_COLOURS))
    alone = where(draw(Mark(box, ONE, 'aeroplane 0.50', (0.5, 0.5))), ONE).sum()
    for colour in LABEL_COLOURS:
        assert where(drawn, colour).sum() > 0.8 * alone


def test_places_of_a_tag():
    bounds, size = np.array([0, 0, 400, 300]), np.array([80, 20])

    def place(frame: list[int], *taken: list[int]) -> list[float] | None:
        boxes = [None, *map(np.array, taken)]  # None: a mark that has no tag
        found = place_tag(size, np.array(frame), boxes, bounds)
        return None if found is None else found.tolist()

    assert place([100, 100, 300, 250]) == [100, 80, 180, 100]  # above
    assert place([390, 100, 400, 250]) == [320, 80, 400, 100]  # not out of the picture
    assert place([0, 0, 400, 300]) == [0, 0, 80, 20]  # inside, at the top
    assert place([0, 0, 90, 30]) == [0, 30, 80, 50]  # below: it would hide the object
    above = [100, 70, 310, 90]
    assert place([100, 100, 300, 250], above) == [100, 100, 180, 120]  # inside
    # No place is free; a quarter of the first would be under others.
    assert place([0, 0, 400, 300], [0, 15, 400, 300]) == [0, 0, 80, 20]
    assert place([100, 100, 300, 250], [0, 0, 400, 300]) is None


def test_bars_are_the_scores():
    box = np.array([100, 100, 300, 200])
    tags = [
        draw(Mark(box, ONE, '', bars))[79:97, 97:140].astype(int)
        for bars in ((), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    ]
    assert (tags[0] != tags[1]).any()
    upper, lower = (np.flatnonzero((t != tags[1]).any(axis=(1, 2))) for t in tags[2:])
    assert upper.max() < lower.min()  # the object branch's above the context branch's


def test_long_text_leaves_half_of_the_picture_free():
    found = where(draw(Mark(np.array([0, 50, 20, 60]), ONE, 'x' * 500)), ONE)
    assert 200 < found.any(axis=0).sum() < 300
