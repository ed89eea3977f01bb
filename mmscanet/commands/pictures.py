"""The drawn pictures of a run, and the pages of its contact sheet.

Each picture has a mark as its JPEG comment, ``mmscanet SOURCE SETTINGS``: digests of
the image's path and of what it was drawn with. So no run takes the picture of another
for its own, overwrites a file that none has drawn, or labels drawings. The comment of a
page of the sheet begins with ``mmscanet`` too.
"""

import hashlib
import io
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import mmcv
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from mmscanet.apis import ImageSource
from mmscanet.errors import UsageError, explain_failed_output
from mmscanet.files import write_atomically
from mmscanet.terminal import printable
from mmscanet.visualization import ContactSheet

from .settings import Settings

SHEET = 'contact_sheet'


def mark_of(source: str, settings: Settings) -> bytes:
    """Return the mark of the picture of an image, ``source``."""
    return b'mmscanet %s %s' % (_digest(source), _digest(settings))


def read_mark(path: Path) -> bytes | None:
    """Return the mark of a file; ``None`` if it is not there or no run has drawn it."""
    try:
        # Not Image.open, which refuses large pictures.
        with warnings.catch_warnings(), JpegImageFile(path) as picture:
            warnings.simplefilter('ignore')  # of other data in it that are broken
            comment = picture.info.get('comment', b'')
    except (OSError, SyntaxError):  # Pillow's for what is no JPEG
        return None
    return comment if comment.startswith(b'mmscanet ') else None


def is_drawn(path: str) -> bool:
    """Tell whether a file, by its path or URL, is a picture or page that a run drew."""
    is_jpeg = path.lower().endswith(('.jpg', '.jpeg'))
    return is_jpeg and read_mark(Path(path)) is not None


def picture_paths(sources: Sequence[ImageSource], folder: Path) -> dict[str, Path]:
    """Return where the picture of each image goes: ``{path of the image: file}``.

    The folders below an input are kept. Equal names get a number, also beside the
    pictures of earlier runs.

    Raises:
        UsageError: A file of such a name is there, and no run has drawn it.
    """
    paths: dict[str, Path] = {}
    taken: set[Path] = set()
    for source in sources:
        file = folder / source.name
        # A second suffix, so that a.png and a.jpg stay apart.
        if file.suffix.lower() not in ('.jpg', '.jpeg'):
            file = file.with_name(f'{file.name}.jpg')
        if file.name.startswith(SHEET):  # that name is for the pages
            file = file.with_name(f'picture_{file.name}')
        number, plain = 1, file
        while file in taken or _is_of_another(file, source.path, folder):
            number += 1
            file = plain.with_stem(f'{plain.stem}_{number}')
        taken.add(file)
        paths[source.path] = file
    return paths


def write_picture(picture: np.ndarray, path: Path, mark: bytes) -> None:
    """Write an (H, W, 3) RGB picture with its mark.

    Raises:
        OutputError: It cannot be written.
    """
    jpeg = io.BytesIO()
    with explain_failed_output(path):
        Image.fromarray(picture).save(jpeg, 'JPEG', quality=95, comment=mark)
    write_atomically(path, jpeg.getbuffer())


def write_contact_sheet(pictures: dict[str, Path], folder: Path) -> None:
    """Put pictures together on pages ``contact_sheet_NNN.jpg``, the only ones there.

    Raises:
        OutputError: A page cannot be written, or one of an earlier run not deleted.
    """
    with ContactSheet(folder / SHEET) as sheet:
        for source, path in pictures.items():
            picture = mmcv.imread(str(path), channel_order='rgb')
            sheet.add(picture, printable(Path(source).name))
    for page in set(folder.glob(f'{SHEET}_*.jpg')).difference(sheet.paths):
        if page.stem.removeprefix(f'{SHEET}_').isdigit():
            with explain_failed_output(page):
                page.unlink()


def _is_of_another(path: Path, source: str, folder: Path) -> bool:
    """Tell whether a file is there that is the picture of another image."""
    if not os.path.lexists(path):  # a link that leads nowhere is there too
        return False
    mark = read_mark(path)
    if mark is None:
        raise UsageError(
            f'--pictures {folder}: {path} would be overwritten, and is not of an '
            'earlier run; name another folder'
        )
    return mark.split()[1] != _digest(source)


def _digest(content: str | Settings) -> bytes:
    # JSON writes any path in ASCII, also one that is not UTF-8.
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16].encode()
