"""Whose the drawn pictures of a folder are, and what becomes of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmscanet.apis.inputs import ImageSource
from mmscanet.commands.pictures import (
    mark_of,
    picture_paths,
    read_mark,
    write_picture,
)
from mmscanet.commands.predict import leave_out
from mmscanet.errors import UsageError

Command = Callable[..., int]


def test_pictures_of_equal_names_stay_apart(tmp_path: Path) -> None:
    paths = ['x/a.jpg', 'y/a.jpg', 'x/a.png', 'z/a.jpg', 'contact_sheet_001.jpg']
    sources = [ImageSource(Path(path).name, path) for path in paths]
    names = [path.name for path in picture_paths(sources, tmp_path).values()]
    assert names == [
        *('a.jpg', 'a_2.jpg', 'a.png.jpg', 'a_3.jpg'),
        'picture_contact_sheet_001.jpg',
    ]


def test_a_link_that_leads_to_itself_is_kept_to_be_told_of(tmp_path: Path) -> None:
    link = tmp_path / 'loop.jpg'
    link.symlink_to(link)
    source = ImageSource('loop.jpg', str(link))
    assert leave_out([source], tmp_path / 'pictures') == [source]


def test_pictures_of_equal_names_stay_apart_between_runs(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    inputs, pictures = [tmp_path / 'A', tmp_path / 'B'], tmp_path / 'pictures'
    for each, name in zip(inputs, ('a.png', 'b.png'), strict=True):
        each.mkdir()
        shutil.copy(folder / name, each / 'x.jpg')
    options = ('--out', tmp_path / 'out.jsonl', '--pictures', pictures, '--resume')
    assert predict(inputs[0], *options) == 0
    first = (pictures / 'x.jpg').read_bytes()
    assert predict(inputs[1], *options) == 0
    assert (pictures / 'x.jpg').read_bytes() == first
    second = (pictures / 'x_2.jpg').read_bytes()
    for again in (inputs, inputs[::-1], inputs[1:]):
        assert predict(*again, *options) == 0
        assert '0 pictures labelled' in capsys.readouterr().err
    (pictures / 'x_2.jpg').unlink()
    assert predict(*inputs, *options) == 0
    assert '1 picture labelled, 0 skipped, 1 done before' in capsys.readouterr().err
    assert (pictures / 'x_2.jpg').read_bytes() == second
    assert len(list(pictures.iterdir())) == 2


def test_run_over_a_part_does_not_speak_for_the_other_pictures(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    pictures, fresh = tmp_path / 'pictures', tmp_path / 'fresh'
    low, out = ('--threshold', 0.1), tmp_path / 'low.jsonl'
    assert predict(folder, *low, '--out', out, '--pictures', fresh) == 0
    assert predict(folder, '--threshold', 0.99, '--pictures', pictures) == 0
    assert predict(folder / 'a.png', *low, '--pictures', pictures) == 0
    command = (folder, *low, '--out', out, '--resume', '--pictures', pictures)
    assert predict(*command) == 0
    assert '2 pictures labelled, 0 skipped, 1 done before' in capsys.readouterr().err
    for name in ('a.png.jpg', 'b.png.jpg', 'sub/c.png.jpg'):
        assert (pictures / name).read_bytes() == (fresh / name).read_bytes()


def test_contact_sheet_is_of_this_run_alone(
    predict: Command, folder: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / 'pictures'
    assert predict(folder, '--pictures', pictures, '--contact-sheet') == 0
    page = pictures / 'contact_sheet_001.jpg'
    stale = [pictures / f'contact_sheet_{number}.jpg' for number in ('002', '1000')]
    kept = pictures / 'contact_sheet_2025_trip.jpg'
    for path in (*stale, kept):
        shutil.copy(page, path)
    (folder / 'a.png').write_text('no picture')
    assert predict(folder, '--pictures', pictures, '--contact-sheet') == 1
    assert [path.exists() for path in (page, *stale, kept)] == [
        *(True, False, False, True)
    ]
    assert cv2.imread(str(page)).shape[1] < cv2.imread(str(kept)).shape[1]


def test_pictures_given_are_never_overwritten_or_labelled_again(
    predict: Command, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    (folder / 'a.png').rename(folder / 'a.jpg')
    before = (folder / 'a.jpg').read_bytes()
    assert predict(folder, '--pictures', folder) == 2
    assert 'lie in it; name another folder' in capsys.readouterr().err
    assert (folder / 'a.jpg').read_bytes() == before
    for _ in range(2):
        assert predict(folder, '--pictures', folder / 'out') == 0
        assert '3 pictures labelled' in capsys.readouterr().err
    assert len(list((folder / 'out').rglob('*.jpg'))) == 3


def test_drawings_of_earlier_runs_are_not_labelled(
    predict: Command, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    drawings = folder / 'drawings'
    Image.open(folder / 'b.png').save(folder / 'b.JPG')
    (folder / 'b.png').unlink()
    assert predict(folder, '--pictures', drawings, '--contact-sheet') == 0
    capsys.readouterr()
    assert predict(folder) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert 'left out: 4 drawings of earlier runs' in told.err
    assert predict(drawings) == 2
    assert 'all pictures there are drawings' in capsys.readouterr().err
    # Who names one means it.
    assert predict(drawings / 'a.png.jpg') == 0


def test_files_of_others_in_the_folder_of_pictures_are_kept(
    predict: Command, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    copy = tmp_path / 'copies' / 'a.png.jpg'
    copy.parent.mkdir()
    copy.write_bytes(b'a picture of somebody')
    assert predict(folder, '--pictures', copy.parent) == 2
    assert f'{copy} would be overwritten' in capsys.readouterr().err
    assert [each.read_bytes() for each in copy.parent.iterdir()] == [
        b'a picture of somebody'
    ]


@pytest.mark.parametrize(
    'make',
    [
        Path.touch,
        Path.mkdir,
        lambda path: path.symlink_to('nowhere'),
        lambda path: Image.new('RGB', (8, 8)).save(path),
        lambda path: Image.new('RGB', (8, 8)).save(path, comment='holidays'),
        lambda path: Image.new('RGB', (8, 8)).save(path, 'PNG'),
    ],
)
def test_only_pictures_with_a_mark_are_of_a_run(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / 'a.jpg')
    with pytest.raises(UsageError, match='a.jpg would be overwritten'):
        picture_paths([ImageSource('a.jpg', 'x/a.jpg')], tmp_path)


def test_links_in_the_folder_of_pictures_are_not_followed(tmp_path: Path) -> None:
    original = tmp_path / 'original.jpg'
    original.write_bytes(b'before')
    link = tmp_path / 'pictures' / 'original.jpg'
    link.parent.mkdir()
    link.symlink_to(original)
    mark = mark_of('a.png', {'thresholds': [0.5]})
    write_picture(np.zeros((8, 8, 3), np.uint8), link, mark)
    assert original.read_bytes() == b'before'
    assert cv2.imread(str(link)).shape == (8, 8, 3)
    assert not link.is_symlink()
    assert read_mark(link) == mark


def test_pictures_of_another_threshold_are_drawn_again(
    predict: Command, folder: Path, tmp_path: Path
) -> None:
    pictures, fresh = tmp_path / 'pictures', tmp_path / 'fresh'
    low = (folder, '--threshold', 0.1, '--out', tmp_path / 'low.jsonl')
    assert predict(*low, '--pictures', fresh) == 0
    assert predict(folder, '--threshold', 0.99, '--pictures', pictures) == 0
    drawn = (pictures / 'a.png.jpg').read_bytes()
    assert predict(*low, '--resume', '--pictures', pictures) == 0
    assert (pictures / 'a.png.jpg').read_bytes() != drawn
    assert (pictures / 'a.png.jpg').read_bytes() == (fresh / 'a.png.jpg').read_bytes()
