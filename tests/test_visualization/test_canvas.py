"""Text, frames and bars, by their pixels."""

import numpy as np
import pytest
from PIL import Image

from mmscanet.errors import UsageError
from mmscanet.visualization.canvas import Canvas, find_font, stack

GREY, GREEN = (90, 90, 90), (0, 255, 0)
FONT = find_font('DejaVu Sans')


def canvas(width: int = 120, height: int = 90) -> Canvas:
    return Canvas(Image.new('RGB', (width, height), GREY), 16, FONT)


def where(image: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    """(H, W), true where a pixel has the colour."""
    return (np.asarray(image) == colour).all(axis=-1)


def test_frame_lies_inside_its_box():
    drawn = canvas()
    drawn.frame(np.array([10, 20, 60, 70]), GREEN, width=3)
    expected = np.zeros((90, 120), bool)
    expected[21:69, 11:59] = True  # within the seam of 1 pixel
    expected[24:66, 14:56] = False
    assert drawn.seam == 1
    assert (where(drawn.image, GREEN) == expected).all()
    assert where(drawn.image, GREY)[25:65, 15:55].all()  # the object is not covered


def test_dashes_leave_gaps():
    drawn = canvas()
    drawn.frame(np.array([0, 0, 120, 90]), GREEN, width=2, dash=10)
    row = where(drawn.image, GREEN)[1, 1:-1]
    starts = np.flatnonzero(np.diff(row.astype(int)) == 1) + 1
    assert starts.tolist() == [17, 34, 51, 68, 85, 102, 116]  # the right side
    assert row[:10].all() and not row[10:17].any()


def test_bar_shows_its_share():
    drawn = canvas()
    for share, expected in ((0.25, 10), (0, 0), (1, 40), (1.5, 40), (-1, 0)):
        drawn.bar(np.array([0, 0, 40, 4]), share, GREEN, (1, 1, 1))
        assert where(drawn.image, GREEN)[0].sum() == expected


def test_long_text_loses_its_middle():
    drawn = canvas()
    text = 'IMG_' + '0' * 400 + '_42.jpg'
    short = drawn.elide(text, 100)
    assert drawn.text_width(short) <= 100
    assert short.startswith('IMG_') and short.endswith('.jpg') and '…' in short
    assert drawn.elide('cat', 100) == 'cat'
    assert drawn.elide('two\nlines\tand  blanks', 1000) == 'two lines and blanks'


@pytest.mark.parametrize('text', ['', 'собака', '猫\u200d', 'a\udcff\x00b', 'ä' * 999])
def test_any_text_stays_in_its_room(text):
    drawn = canvas(width=300)
    assert drawn.text(10, 45, text, GREEN, width=80) <= 80
    touched = np.flatnonzero(~where(drawn.image, GREY).all(axis=0))
    assert touched.size == 0 or (touched.min() >= 9 and touched.max() <= 91)


def test_text_is_centred_on_its_line():
    drawn = canvas()
    drawn.text(5, 45, 'HH', GREEN)
    rows = np.flatnonzero(~where(drawn.image, GREY).all(axis=1))
    assert abs((rows.min() + rows.max()) / 2 - 45) <= 1
    assert 10 <= len(rows) <= 14  # capitals of a text of 16 pixels


def test_pictures_are_stacked():
    small, large = Image.new('RGB', (2, 3), GREEN), Image.new('RGB', (6, 5), GREY)
    below = stack([large, small])
    assert below.size == (6, 8)
    assert where(below, GREEN)[5:, 2:4].all() and where(below, GREEN).sum() == 6
    beside = stack([large, small], across=True)
    assert beside.size == (8, 5)
    assert where(beside, GREEN)[:3, 6:].all()


def test_unknown_fonts_are_refused(tmp_path):
    no_font = tmp_path / 'font.ttf'
    no_font.write_text('no font')
    for name in ('No Such Family', str(no_font)):
        with pytest.raises(UsageError, match='neither a font file nor a family'):
            find_font(name)
