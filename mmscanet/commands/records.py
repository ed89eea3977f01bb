"""Files of predictions that a run can be stopped in and go on with."""

import csv
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from mmscanet.errors import OutputError, UsageError, require_writable_file

Prediction = dict[str, object]
_TEXT = dict(encoding='utf-8', newline='')


class RecordFile(ABC):
    """A text file to which the prediction of each image is added when it is there.

    A run that is killed leaves at most one image's entry torn; it is taken out when
    the next run begins.

    Args:
        path: The file. One that exists is gone on with.

    Raises:
        UsageError: The file is there and is not one of these.
        OutputError: It cannot be written.

    Attributes:
        done: Names of the images that the file has.
    """

    heading = ''

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: set[str] = set()
        try:
            if path.exists():
                self._take_over()
            self._file = path.open('a', **_TEXT)
            if self._file.tell() == 0:
                self._file.write(self.heading)
        except OSError as error:
            raise OutputError(f'cannot write {path}: {error.strerror}') from error

    def write(self, prediction: Prediction) -> None:
        """Add one image, in one piece."""
        self._file.write(self._format(prediction))
        self._file.flush()
        self.done.add(prediction['image'])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take_over(self) -> None:
        """Read which images are done, and cut off a torn end."""
        keep = self.path.with_name(f'{self.path.name}.partial')
        with (
            # A letter of several bytes may be torn.
            self.path.open(errors='surrogateescape', **_TEXT) as old,
            keep.open('w', errors='surrogateescape', **_TEXT) as new,
        ):
            try:
                for text, name in self._complete(old):
                    new.write(text)
                    if name is not None:
                        self.done.add(name)
            except (ValueError, KeyError, TypeError, csv.Error) as error:
                keep.unlink()
                raise UsageError(
                    f'{self.path} cannot be gone on with: it holds something else '
                    'than predictions; name another file, or --overwrite it'
                ) from error
        os.replace(keep, self.path)

    @abstractmethod
    def _format(self, prediction: Prediction) -> str:
        """Return the entry of one image."""

    @abstractmethod
    def _complete(self, file: TextIO) -> Iterator[tuple[str, str | None]]:
        """Yield ``(text, name)`` of each entry that is whole; a heading has no name."""


class JsonLines(RecordFile):
    """A line of JSON for each image, see :func:`mmscanet.apis.to_prediction`."""

    def _format(self, prediction: Prediction) -> str:
        return json.dumps(prediction, ensure_ascii=False) + '\n'

    def _complete(self, file: TextIO) -> Iterator[tuple[str, str]]:
        for line in file:
            if line.endswith('\n'):
                yield line, json.loads(line)['image']


class Csv(RecordFile):
    """A row for each label of each image, with its best box.

    An image without a label has one row, with ``of`` 0. ``rank`` counts the labels of
    an image, ``of`` of them, so that a torn entry shows.
    """

    COLUMNS = (
        *('image', 'width', 'height', 'rank', 'of', 'label', 'score', 'threshold'),
        *('object_score', 'context_score', 'context_only', 'x1', 'y1', 'x2', 'y2'),
    )
    heading = ','.join(COLUMNS) + '\n'

    def _format(self, prediction: Prediction) -> str:
        image = [prediction['image'], prediction['width'], prediction['height']]
        labels = prediction['labels']
        if not labels:
            padding = [''] * (len(self.COLUMNS) - 5)
            return _csv_text([[*image, 0, 0, *padding]])
        return _csv_text(
            [*image, rank, len(labels), *self._label(label)]
            for rank, label in enumerate(labels, start=1)
        )

    def _label(self, label: dict) -> list[object]:
        """The columns from ``label`` on."""
        names = self.COLUMNS[5:-4]
        box = label['boxes'][0]['box'] if label['boxes'] else [''] * 4
        return [*(label[name] for name in names), *box]

    def _complete(self, file: TextIO) -> Iterator[tuple[str, str | None]]:
        heading = file.readline()
        if heading != self.heading:
            if not self.heading.startswith(heading):
                raise ValueError('another heading')
            return
        yield heading, None
        whole_lines = (line for line in file if line.endswith('\n'))
        rows = csv.reader(whole_lines, strict=True)
        entry: list[list[str]] = []
        try:
            for row in rows:
                entry.append(row)
                if len(row) == len(self.COLUMNS) and row[3] == row[4]:
                    yield _csv_text(entry), row[0]
                    entry = []
        except csv.Error:  # a quoted name that is torn
            return


class Screen:
    """In the place of a file: a line for people on stdout.

    A star marks a label that is there only thanks to the context branch.
    """

    done: frozenset[str] = frozenset()

    def write(self, prediction: Prediction) -> None:
        """Print one image."""
        labels = ', '.join(
            f'{each["label"]} {each["score"]:.2f}{"*" if each["context_only"] else ""}'
            for each in prediction['labels']
        )
        tqdm.write(f'{prediction["image"]}: {labels or "no label"}')

    def close(self) -> None:
        """Do nothing."""


FORMATS = {'.jsonl': JsonLines, '.csv': Csv}


def _csv_text(rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO(newline='')
    csv.writer(buffer, lineterminator='\n').writerows(rows)
    return buffer.getvalue()


def check_out(path: str, may_exist: bool) -> None:
    """Refuse a file that predictions cannot be written to.

    Args:
        path: Must end in ``.jsonl`` or ``.csv``.
        may_exist: Whether it was said what to do with a file that is there.

    Raises:
        UsageError: The suffix is another, or the file is there unexpectedly.
        OutputError: The file cannot be written.
    """
    file = Path(path)
    if file.suffix not in FORMATS:
        raise UsageError(f'--out {path}: the name must end in {" or ".join(FORMATS)}')
    require_writable_file(file)
    if file.exists() and not may_exist:
        raise UsageError(f'{path} exists: --resume goes on with it, or --overwrite')


@contextmanager
def open_records(
    path: str | None, overwrite: bool = False
) -> Iterator[RecordFile | Screen]:
    """Open a file of predictions in the format that its suffix names.

    Args:
        path: See :func:`check_out`; ``None`` prints instead.
        overwrite: Begin a file that is there anew.
    """
    if path is not None and overwrite:
        Path(path).unlink(missing_ok=True)
    records = FORMATS[Path(path).suffix](Path(path)) if path else Screen()
    try:
        yield records
    finally:
        records.close()
