"""Thumbnails of many pictures on a few pages."""

import io
import os
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image

from mmscanet.errors import (
    UsageError,
    explain_failed_output,
    require_writable_folder,
)
from mmscanet.files import write_atomically

from .canvas import Canvas, find_font
from .palette import BACKGROUND, INK

COMMENT = b'mmscanet contact sheet'  # in the file of each page


class ContactSheet:
    """Write thumbnails with captions on pages ``PREFIX_001.jpg``, ``PREFIX_002.jpg``...

    A page is written as soon as it is full, so that thousands of pictures take the
    memory of one page, and an interrupted job loses no more than that::

        with ContactSheet('out/sheet') as sheet:
            for picture, name in pictures:
                sheet.add(picture, name)
        print(sheet.paths)

    Args:
        path_prefix: Folder and beginning of the name of the pages. The folder is
            made; pages of the same name are overwritten.
        columns: Thumbnails in a row.
        rows: Rows on a page.
        cell: (width, height) that a thumbnail may take up, in pixels.
        start_page: Number of the first page, to go on with an interrupted job.
        font: As in :class:`~mmscanet.visualization.EvidenceVisualizer`.

    Attributes:
        paths: The pages written so far.

    Raises:
        UsageError: A number is below 1, or there is no such font.
        OutputError: The folder cannot be written to.
    """

    def __init__(
        self,
        path_prefix: str | os.PathLike[str],
        columns: int = 4,
        rows: int = 5,
        cell: tuple[int, int] = (480, 440),
        start_page: int = 1,
        font: str = 'DejaVu Sans',
    ) -> None:
        numbers = dict(columns=columns, rows=rows, start_page=start_page)
        numbers.update(zip(('cell width', 'cell height'), cell, strict=True))
        for name, number in numbers.items():
            if number < 1:
                raise UsageError(
                    f'contact sheet: {name} must be at least 1, not {number}'
                )
        self.prefix = Path(path_prefix)
        require_writable_folder(self.prefix.parent)
        self.columns, self.rows, self.cell = columns, rows, cell
        self.next_page = start_page
        self.paths: list[Path] = []
        self._unit = 18
        self._gap = 12  # between thumbnails, and around them
        self._font = find_font(font)
        self._page: Canvas | None = None
        self._count = 0  # thumbnails on the page

    def add(self, picture: np.ndarray, caption: str | None = None) -> None:
        """Add a picture, and write the page if it is full.

        Args:
            picture: (H, W, 3), RGB, uint8. A larger one than the cell is reduced.
            caption: One line under it; its middle is left out if it is too long.

        Raises:
            OutputError: The page cannot be written.
        """
        if self._page is None:
            self._page = self._new_page()
        thumbnail = Image.fromarray(picture)
        thumbnail.thumbnail(self.cell, Image.Resampling.LANCZOS, reducing_gap=2.0)
        row, column = divmod(self._count, self.columns)
        x, y = self._corner(row, column)
        width, height = self.cell
        # At the bottom of its cell, so that it stands on its caption.
        corner = (x + (width - thumbnail.width) // 2, y + height - thumbnail.height)
        self._page.image.paste(thumbnail, corner)
        middle = y + height + self._unit * 0.9
        text = self._page.elide(caption or '', width)
        left = x + (width - self._page.text_width(text)) / 2
        self._page.text(left, middle, text, INK)
        self._count += 1
        if self._count == self.columns * self.rows:
            self._write()

    def close(self) -> None:
        """Write what is left, on a page as small as it permits."""
        if self._count:
            self._write()

    def _corner(self, row: int, column: int) -> tuple[int, int]:
        """Upper left corner of a cell; that of the one past the last ends the page."""
        width, height = self.cell
        caption = round(1.8 * self._unit)
        return (
            self._gap + column * (width + self._gap),
            self._gap + row * (height + caption + self._gap),
        )

    def _new_page(self) -> Canvas:
        size = self._corner(self.rows, self.columns)
        return Canvas(Image.new('RGB', size, BACKGROUND), self._unit, self._font)

    def _write(self) -> None:
        """Write the page, without empty rows and columns, and forget it."""
        rows = -(-self._count // self.columns)
        size = self._corner(rows, min(self._count, self.columns))
        path = self.prefix.parent / f'{self.prefix.name}_{self.next_page:03d}.jpg'
        jpeg = io.BytesIO()
        with explain_failed_output(path):
            self._page.image.crop((0, 0, *size)).save(
                jpeg, 'JPEG', quality=88, comment=COMMENT
            )
        write_atomically(path, jpeg.getbuffer())
        self.paths.append(path)
        self.next_page += 1
        self._page, self._count = None, 0

    def __enter__(self) -> 'ContactSheet':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write what there is, also after an error: nothing done is lost."""
        self.close()
