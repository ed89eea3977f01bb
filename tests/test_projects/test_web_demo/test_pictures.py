"""Uploaded files become the pixels that the model's own pipeline reads, or an error."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from web_demo.pictures import Limits, PictureError, read_picture, shrink

LIMITS = Limits(megabytes=1, megapixels=0.25)

# Rows fall in red, columns rise in green: no turn and no swap of channels is the same.
ROWS, COLUMNS = np.mgrid[0:40, 0:60]
RGB = np.stack([240 - 6 * ROWS, 4 * COLUMNS, 0 * ROWS + 90], -1).astype(np.uint8)
GREY = (6 * ROWS).astype(np.uint8)
TURNED = Image.Exif()
TURNED[274] = 6  # turn by 90 degrees clockwise to see it upright


def read(tmp_path: Path, picture: Image.Image, format: str, **options) -> np.ndarray:
    """Write a picture and read it again, as RGB."""
    path = tmp_path / 'picture'
    picture.save(path, format, **options)
    return read_picture(path, LIMITS)[..., ::-1]


@pytest.mark.parametrize('format', ['PNG', 'BMP', 'TIFF', 'JPEG', 'WEBP', 'GIF'])
def test_formats(tmp_path: Path, format: str) -> None:
    image = read(tmp_path, Image.fromarray(RGB), format)
    assert image.dtype == np.uint8
    lossless = format in ('PNG', 'BMP', 'TIFF')
    np.testing.assert_allclose(image.astype(int), RGB, atol=0 if lossless else 24)


@pytest.mark.parametrize(
    'picture',
    [
        pytest.param(Image.fromarray(GREY), id='grey'),
        pytest.param(Image.fromarray(GREY.astype(np.uint16) * 257), id='16-bit'),
        pytest.param(Image.merge('LA', [Image.fromarray(GREY)] * 2), id='alpha'),
    ],
)
def test_grey(tmp_path: Path, picture: Image.Image) -> None:
    image = read(tmp_path, picture, 'PNG')
    np.testing.assert_array_equal(image, np.stack([GREY] * 3, -1))


def test_alpha_is_dropped(tmp_path: Path) -> None:
    picture = Image.fromarray(RGB)
    picture.putalpha(Image.fromarray(GREY))
    np.testing.assert_array_equal(read(tmp_path, picture, 'PNG'), RGB)


def test_palette(tmp_path: Path) -> None:
    image = read(tmp_path, Image.fromarray(RGB).quantize(256), 'PNG')
    np.testing.assert_allclose(image.astype(int), RGB, atol=16)


def test_cmyk(tmp_path: Path) -> None:
    image = read(tmp_path, Image.fromarray(RGB).convert('CMYK'), 'JPEG', quality=95)
    np.testing.assert_allclose(image.astype(int), RGB, atol=16)


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'WEBP'])
def test_exif_orientation_is_honoured(tmp_path: Path, format: str) -> None:
    image = read(tmp_path, Image.fromarray(RGB), format, exif=TURNED)
    upright = np.rot90(RGB, -1).astype(int)
    np.testing.assert_allclose(image.astype(int), upright, atol=24)


@pytest.mark.parametrize('format', ['GIF', 'WEBP', 'PNG', 'TIFF'])
def test_first_of_several_frames(tmp_path: Path, format: str) -> None:
    first, second = Image.fromarray(RGB), Image.fromarray(255 - RGB)
    image = read(tmp_path, first, format, save_all=True, append_images=[second])
    np.testing.assert_allclose(image.astype(int), RGB, atol=24)


def test_file_too_large(tmp_path: Path) -> None:
    path = tmp_path / 'large.bmp'
    path.write_bytes(bytes(1_000_001))
    with pytest.raises(PictureError, match='has more than 1 MB'):
        read_picture(path, LIMITS)


def test_bomb_is_refused_by_its_header(bomb: Path) -> None:
    with pytest.raises(PictureError, match='more than 0.25 megapixels'):
        read_picture(bomb, LIMITS)


def test_too_many_pixels(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match='501 x 500 pixels, more than 0.25 mega'):
        read(tmp_path, Image.new('RGB', (501, 500)), 'PNG')
    assert read(tmp_path, Image.new('RGB', (500, 500)), 'PNG').shape == (500, 500, 3)


@pytest.mark.parametrize('content', [b'', b'no picture', b'<svg/>', b'%!PS-Adobe-3.0'])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'picture.png'
    path.write_bytes(content)
    with pytest.raises(PictureError, match='is no picture in JPEG, PNG'):
        read_picture(path, LIMITS)


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'WEBP', 'GIF', 'TIFF', 'BMP'])
def test_half_a_picture(tmp_path: Path, format: str) -> None:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, format)
    path = tmp_path / 'half'
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(PictureError, match='damaged|is no picture'):
        read_picture(path, LIMITS)


@pytest.mark.parametrize('size', [(101, 1), (1, 101)])
def test_too_narrow(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(PictureError, match='one side more than 100 times the other'):
        read(tmp_path, Image.new('RGB', size), 'PNG')


def test_deleted_in_the_meantime(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match='is not kept any more'):
        read_picture(tmp_path / 'gone.png', LIMITS)


def test_shrink() -> None:
    image, scale = shrink(np.zeros((100, 400, 3), np.uint8), 200)
    assert (image.shape, scale) == ((50, 200, 3), 0.5)
    small = np.zeros((100, 200, 3), np.uint8)
    assert shrink(small, 200) == (small, 1.0)
