"""What people give to be labelled: paths, URLs, folders, patterns, arrays."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeAlias
from urllib.parse import unquote, urlsplit

import numpy as np
from mmdet.apis.det_inferencer import IMG_EXTENSIONS
from PIL import ExifTags, Image, ImageOps

from mmscanet.errors import MissingDataError, UsageError

ImageInput: TypeAlias = str | os.PathLike | np.ndarray | Image.Image
InputsType: TypeAlias = ImageInput | Sequence['InputsType']


@dataclass(frozen=True)
class ImageSource:
    """One image to be labelled, not read yet.

    Attributes:
        name: A path relative to what the user gave, to name results by; ``None``
            for an image that came without a file.
        path: File or URL, or ``None``.
        array: (H, W, 3), BGR, uint8, where there is no file.
    """

    name: str | None = None
    path: str | None = None
    array: np.ndarray | None = None


def find_images(inputs: InputsType) -> list[ImageSource]:
    """List the images that an input means, without reading any file.

    Args:
        inputs: A path, a URL, a folder (images in it and below, by name), a glob
            pattern (``**`` reaches into folders, not through links), an (H, W),
            (H, W, 3) or (H, W, 4) uint8 array in OpenCV's order (blue first), a PIL
            image, or a list of any of them.

    Raises:
        MissingDataError: A path does not exist, or a folder or pattern has no image.
        UsageError: Something else than the above.
    """
    return list(_find(inputs))


def _find(inputs: InputsType) -> Iterator[ImageSource]:
    if isinstance(inputs, (list, tuple)):
        for each in inputs:
            yield from _find(each)
    elif isinstance(inputs, np.ndarray):
        yield ImageSource(array=_three_channels(inputs))
    elif isinstance(inputs, Image.Image):
        yield ImageSource(array=_from_pil(inputs))
    elif isinstance(inputs, (str, os.PathLike)):
        yield from _find_files(os.fspath(inputs))
    else:
        raise UsageError(
            f'cannot label a {type(inputs).__name__}: give a path, a URL, a folder, a '
            'pattern, an array, a PIL image or a list of them'
        )


def _find_files(path: str) -> Iterator[ImageSource]:
    scheme, is_url, rest = path.partition('://')
    if is_url:
        if scheme.lower() not in ('http', 'https'):
            raise UsageError(f'cannot read {path}: only http and https addresses')
        # mmengine knows them by their small letters.
        path = f'{scheme.lower()}://{rest}'
        try:
            name = PurePosixPath(unquote(urlsplit(path).path)).name
        except ValueError as error:  # as for brackets around no IPv6 address
            raise UsageError(f'{path} is no address: {error}') from error
        yield ImageSource(name=name or 'image', path=path)
    elif os.path.isdir(path):
        files = sorted(_files_below(path))
        for each in files:
            yield ImageSource(str(each.relative_to(path)), str(each))
        if not files:
            raise MissingDataError(
                f'folder {path} has no image ({", ".join(IMG_EXTENSIONS)})'
            )
    elif os.path.isfile(path):
        yield ImageSource(os.path.basename(path), path)
    elif glob.has_magic(path):
        # A pattern says itself which files are meant.
        files = [each for each in sorted(set(_match(path))) if os.path.isfile(each)]
        if not files:
            raise MissingDataError(f'no file matches {path}')
        # What stands before the first folder with a wildcard is common to all.
        parts = Path(path).parts[:-1]
        fixed = next((i for i, part in enumerate(parts) if glob.has_magic(part)), None)
        root = Path(*parts[:fixed])
        for each in files:
            yield ImageSource(str(Path(each).relative_to(root)), each)
    elif os.path.exists(path):
        raise MissingDataError(f'{path} is neither a file nor a folder')
    else:
        raise MissingDataError(f'{path} does not exist')


def _match(pattern: str) -> Iterator[str]:
    """Yield what matches a pattern, some of it twice if ``**`` is in it twice.

    glob's own ``**`` follows links, in circles too.
    """
    parts = pattern.split(os.sep)
    if '**' not in parts:
        yield from glob.iglob(pattern)
        return
    deep = parts.index('**')
    rest = parts[deep + 1 :] or ['*']
    head = os.sep.join([*parts[:deep], ''])
    for top in glob.iglob(head) if head else ['./']:
        for folder, below, _ in os.walk(top):
            below[:] = [name for name in below if not name.startswith('.')]
            # Names begin as the pattern does.
            folder = folder if head else folder.removeprefix('./')
            yield from _match(os.path.join(glob.escape(folder), *rest))


def _files_below(folder: str) -> Iterator[Path]:
    """Yield the pictures in a folder and below, and what there cannot be read.

    That is a link that leads nowhere, a picture in a folder that may not be entered, or
    a folder that may not be listed: to be told of, not passed over.
    """
    unlisted: list[OSError] = []
    for parent, _, names in os.walk(folder, onerror=unlisted.append):
        for each in (Path(parent, name) for name in names):
            there = os.path.isfile(each) or not os.path.exists(each)
            if there and each.suffix.lower() in IMG_EXTENSIONS:
                yield each
    yield from (Path(error.filename) for error in unlisted)


def to_load(source: ImageSource) -> str | np.ndarray:
    """What mmdet's loader is to read: a path, or pixels as it would have read them.

    Raises:
        OSError: A WebP file cannot be read.
    """
    if source.path is None:
        return source.array
    if '://' in source.path or not source.path.lower().endswith('.webp'):
        return source.path
    pixels = read_turned_webp(source.path)
    return source.path if pixels is None else pixels


def read_turned_webp(file: str | os.PathLike | BinaryIO) -> np.ndarray | None:
    """Read a WebP picture that its EXIF data turn, (H, W, 3), blue first.

    OpenCV turns pictures of other formats, but leaves WebP as it is stored.

    Returns:
        ``None`` for a picture of another format, or one that is not to be turned.

    Raises:
        OSError: It is no picture, not whole, or too large for PIL.
    """
    try:
        with Image.open(file) as image:
            turned = image.format == 'WEBP' and _is_turned(image)
            return _pixels(image) if turned else None
    except Image.DecompressionBombError as error:
        raise OSError(str(error)) from error


def _is_turned(image: Image.Image) -> bool:
    """Tell whether EXIF data turn or mirror an image; broken ones do not."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1) != 1
    except Exception:  # PIL raises many kinds on what is broken
        return False


def _from_pil(image: Image.Image) -> np.ndarray:
    """Return a PIL image as (H, W, 3), blue first, as OpenCV would have read it."""
    try:
        return _pixels(image)
    except OSError as error:
        raise UsageError(f'cannot read a PIL image: {error}') from error


def _pixels(image: Image.Image) -> np.ndarray:
    """See :func:`_from_pil`; raises OSError for an image that is not whole."""
    # As files are, when they are read.
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I'):  # 16 bits, of which convert() cuts off the high
        return _three_channels((np.asarray(image) >> 8).astype(np.uint8))
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


def _three_channels(array: np.ndarray) -> np.ndarray:
    """Return an array as (H, W, 3); transparency is left out."""
    grey = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1)
    colour = array.ndim == 3 and array.shape[2] in (3, 4)
    if array.dtype != np.uint8 or not (grey or colour) or 0 in array.shape:
        raise UsageError(
            f'cannot label an array of shape {array.shape} and type {array.dtype}: '
            'give (height, width, 3), blue first, of type uint8'
        )
    if grey:
        array = np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(array[..., :3])
