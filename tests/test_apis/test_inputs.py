"""What people give to be labelled."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.datasets.transforms import InferencerLoader
from PIL import Image

from mmscanet.apis import find_images
from mmscanet.apis.inputs import ImageSource, to_load
from mmscanet.errors import MissingDataError, UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of empty files: nothing is read here."""
    for name in ('b.jpg', 'a.PNG', 'notes.txt', 'sub/c.jpeg', 'sub/deep/d.bmp'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_folder_is_searched_with_those_below(folder: Path) -> None:
    images = find_images(folder)
    names = ['a.PNG', 'b.jpg', 'sub/c.jpeg', 'sub/deep/d.bmp']
    assert [each.name for each in images] == names
    assert [each.path for each in images] == [str(folder / name) for name in names]
    assert find_images(f'{folder}/') == images


def test_what_may_not_be_read_is_not_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(path: str) -> Iterator:
        if Path(path).name == 'deep':
            raise PermissionError(13, 'Permission denied', path)
        return scandir(path)

    scandir = os.scandir
    monkeypatch.setattr(os, 'scandir', forbid)
    names = [each.name for each in find_images(folder)]
    assert names == ['a.PNG', 'b.jpg', 'sub/c.jpeg', 'sub/deep']
    # A pipe is no picture, and would be waited for.
    os.mkfifo(folder / 'pipe.jpg')
    assert [each.name for each in find_images(folder)] == names


def test_pattern_names_keep_the_folders_that_it_leaves_open(folder: Path) -> None:
    assert [x.name for x in find_images(f'{folder}/**/*.jp*g')] == [
        *('b.jpg', 'sub/c.jpeg')
    ]
    assert [x.name for x in find_images(f'{folder}/sub/*.jpeg')] == ['c.jpeg']
    # A file that is named is meant, whatever its suffix; brackets are no pattern then.
    (folder / 'x[1].jpg').touch()
    assert [x.name for x in find_images(f'{folder}/x[1].jpg')] == ['x[1].jpg']
    assert [x.name for x in find_images(folder / 'notes.txt')] == ['notes.txt']


def test_lists_and_urls(folder: Path) -> None:
    url = 'https://example.org/pictures/a%20cat.jpg?size=big'
    images = find_images([url, [folder / 'b.jpg', str(folder / 'sub')]])
    assert [x.name for x in images] == ['a cat.jpg', 'b.jpg', 'c.jpeg', 'deep/d.bmp']
    assert images[0].path == url


def test_addresses_may_have_capitals_but_must_be_some() -> None:
    (image,) = find_images('HTTP://example.org/A.jpg')
    assert image == ImageSource('A.jpg', 'http://example.org/A.jpg')
    with pytest.raises(UsageError, match=r'http://\[none\]/a.jpg is no address'):
        find_images('http://[none]/a.jpg')


def test_patterns_keep_the_way_that_they_begin(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / 'sub')
    for start in ('', './', '../sub/', '../s*/', f'{folder}/sub/'):
        begin = start.replace('*', 'ub')
        assert [each.path for each in find_images(f'{start}**/*.*')] == [
            *(f'{begin}c.jpeg', f'{begin}deep/d.bmp')
        ]


def test_patterns_do_not_follow_links_in_circles(folder: Path) -> None:
    (folder / 'sub' / 'x[1]').mkdir()
    (folder / 'sub' / 'x[1]' / 'e.gif').touch()
    (folder / 'sub' / '.hidden').mkdir()
    for hidden in ('sub/.hidden.jpg', 'sub/.hidden/f.jpg'):
        (folder / hidden).touch()
    # Two of them: their ways, one after the other, would be without number.
    for name in ('up', 'sub/up'):
        (folder / name).symlink_to(folder)
    for pattern, names in [
        ('**/*.jp*g', ['b.jpg', 'sub/c.jpeg']),
        ('s*/**', ['sub/c.jpeg', 'sub/deep/d.bmp', 'sub/x[1]/e.gif']),
        ('**/sub/**/*.*', ['sub/c.jpeg', 'sub/deep/d.bmp', 'sub/x[1]/e.gif']),
    ]:
        assert [x.name for x in find_images(f'{folder}/{pattern}')] == names


def test_arrays_become_three_channels_blue_first() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    (image,) = find_images(grey)
    assert image.path is image.name is None
    assert image.array.shape == (2, 3, 3)
    assert (image.array == grey[..., None]).all()
    alpha = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (image,) = find_images(alpha)
    assert np.array_equal(image.array, alpha[..., :3])


def test_pil_images_are_turned_as_exif_says() -> None:
    picture = Image.new('RGB', (2, 1), (10, 20, 30))
    picture.putpixel((1, 0), (40, 50, 60))
    picture.getexif()[0x0112] = 6  # a quarter turn clockwise
    (image,) = find_images([picture])
    assert image.array.tolist() == [[[30, 20, 10]], [[60, 50, 40]]]


def test_webp_is_turned_as_exif_says(tmp_path: Path) -> None:
    picture = Image.new('RGB', (2, 1), (10, 20, 30))
    picture.save(tmp_path / 'plain.webp', lossless=True)
    picture.putpixel((1, 0), (40, 50, 60))
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    for suffix in ('webp', 'WEBP', 'png'):
        picture.save(tmp_path / f'turned.{suffix}', exif=exif, lossless=True)
    turned = [[[30, 20, 10]], [[60, 50, 40]]]
    loader = InferencerLoader()
    for suffix in ('webp', 'WEBP', 'png'):
        (source,) = find_images(tmp_path / f'turned.{suffix}')
        assert loader(to_load(source))['img'].tolist() == turned
    (source,) = find_images(tmp_path / 'plain.webp')
    assert to_load(source) == source.path
    url = 'http://127.0.0.1:9/turned.webp'
    assert to_load(ImageSource(path=url)) == url


def test_broken_webp_is_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole, damaged = tmp_path / 'whole.webp', tmp_path / 'damaged.webp'
    Image.fromarray(noise).save(whole, exif=exif, lossless=True)
    content = whole.read_bytes()
    # Damaged in the middle: the EXIF data are the last of the file.
    damaged.write_bytes(content[:60] + b'\xff' * (len(content) - 200) + content[-140:])
    with pytest.raises(OSError, match='failed to read'):
        to_load(ImageSource(path=str(damaged)))


def test_broken_exif_data_turn_nothing(tmp_path: Path) -> None:
    path = tmp_path / 'picture.webp'
    Image.new('RGB', (2, 1)).save(path, exif=b'Exif\0\0no TIFF header')
    assert to_load(ImageSource(path=str(path))) == str(path)


def test_webp_too_large_for_pil_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'large.webp'
    Image.new('RGB', (30, 30)).save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 100)
    with pytest.raises(OSError, match='exceeds limit'):
        to_load(ImageSource(path=str(path)))


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (np.zeros((4, 4, 3), np.float32), r'shape \(4, 4, 3\) and type float32'),
        (np.zeros((4, 4, 2), np.uint8), r'shape \(4, 4, 2\)'),
        (np.zeros((0, 4, 3), np.uint8), r'shape \(0, 4, 3\)'),
        (3, 'cannot label a int'),
        ([None], 'cannot label a NoneType'),
    ],
)
def test_what_is_no_image_is_named(wrong: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_images(wrong)


def test_what_is_missing_is_named(folder: Path) -> None:
    (folder / 'empty').mkdir()
    os.mkfifo(folder / 'pipe')
    for path, message in [
        ('none.jpg', 'none.jpg does not exist'),
        ('empty', r'empty has no image \(.jpg, .jpeg'),
        ('*.gif', r'no file matches .*\*.gif'),
        ('pipe', 'pipe is neither a file nor a folder'),
    ]:
        with pytest.raises(MissingDataError, match=message):
            find_images(folder / path)


def test_16_bit_pil_images_are_read_as_files_are(tmp_path: Path) -> None:
    values = np.array([[0, 256, 65535]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / 'x.png')
    (image,) = find_images(Image.open(tmp_path / 'x.png'))
    assert np.array_equal(image.array, cv2.imread(str(tmp_path / 'x.png')))


def test_links_that_lead_nowhere_are_pictures_that_cannot_be_read(
    folder: Path,
) -> None:
    (folder / 'z.jpg').symlink_to(folder / 'none.jpg')
    (folder / 'y.jpg').symlink_to(folder / 'y.jpg')
    assert [each.name for each in find_images(folder)][-2:] == ['y.jpg', 'z.jpg']
    with pytest.raises(UsageError, match='only http and https'):
        find_images('s3://bucket/a.jpg')
