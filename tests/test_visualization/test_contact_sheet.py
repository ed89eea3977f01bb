"""Pages of thumbnails: when they are written and what is on them."""

import numpy as np
import pytest
from PIL import Image

from mmscanet.errors import OutputError, UsageError
from mmscanet.visualization import ContactSheet

WHITE = np.full((60, 100, 3), 255, np.uint8)
SMALL = dict(columns=2, rows=2, cell=(100, 80))


def test_pages_are_written_when_they_are_full(tmp_path):
    with ContactSheet(tmp_path / 'new' / 'sheet', **SMALL) as sheet:
        for number in range(4):
            assert sheet.paths == []
            sheet.add(WHITE, f'{number}.jpg')
        assert sheet.paths == [tmp_path / 'new/sheet_001.jpg']
        sheet.add(WHITE, '4.jpg')
        assert len(sheet.paths) == 1
    assert sheet.paths[1:] == [tmp_path / 'new/sheet_002.jpg']
    assert sorted((tmp_path / 'new').iterdir()) == sheet.paths
    full, rest = (Image.open(path) for path in sheet.paths)
    # Two columns and three gaps; a row is a cell, its caption and a gap.
    assert full.size == (2 * 100 + 3 * 12, 2 * (80 + 32 + 12) + 12)
    assert rest.size == (100 + 2 * 12, 80 + 32 + 2 * 12)


def test_thumbnails_stand_above_their_captions(tmp_path):
    with ContactSheet(tmp_path / 'sheet', **SMALL) as sheet:
        sheet.add(WHITE, '')
        sheet.add(np.full((600, 200, 3), 255, np.uint8), 'x' * 300)
    bright = np.asarray(Image.open(sheet.paths[0])).min(axis=-1) > 200
    assert bright[36:88, 16:108].all() and not bright[:28, :110].any()
    tall = np.flatnonzero(bright[50, 120:])  # 600 x 200 in 80 pixels of height
    assert abs(len(tall) - 27) <= 2
    assert not bright[96:, :115].any()  # no caption, and none of the neighbour
    assert bright[96:, 120:].any() and not bright[96:, 226:].any()


def test_nothing_done_is_lost(tmp_path):
    sheet = ContactSheet(tmp_path / 'sheet', **SMALL)
    with pytest.raises(KeyboardInterrupt), sheet:
        sheet.add(WHITE, 'a.jpg')
        raise KeyboardInterrupt
    assert [path.name for path in sheet.paths] == ['sheet_001.jpg']
    with ContactSheet(tmp_path / 'sheet', start_page=2, **SMALL) as sheet:
        sheet.add(WHITE, 'b.jpg')
    assert [path.name for path in sheet.paths] == ['sheet_002.jpg']
    sheet.close()  # once more: there is nothing left
    assert len(list(tmp_path.iterdir())) == 2


def test_no_pictures_no_pages(tmp_path):
    with ContactSheet(tmp_path / 'sheet') as sheet:
        pass
    assert sheet.paths == [] == list(tmp_path.iterdir())


def test_mistakes_are_told_before_the_work(tmp_path):
    for mistake in (dict(columns=0), dict(rows=-1), dict(start_page=0)):
        (name,) = mistake
        with pytest.raises(UsageError, match=f'{name} must be at least 1'):
            ContactSheet(tmp_path / 'sheet', **mistake)
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='cannot write'):
        ContactSheet(tmp_path / 'file' / 'sheet')


def test_a_page_that_is_too_large_for_a_jpeg_is_told(tmp_path):
    sheet = ContactSheet(tmp_path / 'sheet', columns=1, rows=2, cell=(10, 40_000))
    sheet.add(WHITE, 'a.jpg')
    with pytest.raises(OutputError, match=r'cannot write .*sheet_001.jpg: (?!None)'):
        sheet.add(WHITE, 'b.jpg')
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_written_is_named(tmp_path):
    sheet = ContactSheet(tmp_path / 'sheet', **SMALL)
    (tmp_path / 'sheet_001.jpg').mkdir()
    sheet.add(WHITE, 'a.jpg')
    with pytest.raises(OutputError, match='cannot write .*sheet_001.jpg'):
        sheet.close()
