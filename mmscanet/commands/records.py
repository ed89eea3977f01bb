"""Files of predictions that a run can be stopped in and go on with."""

import contextlib
import csv
import io
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from mmscanet.errors import UsageError, explain_failed_output, require_writable_file
from mmscanet.terminal import printable

Prediction = dict[str, object]


class RecordFile(ABC):
    """A text file to which the prediction of each image is added when it is there.

    A run that is killed leaves at most one image's entry torn, at the end; it is cut
    off when the next run begins. Names of files that are not UTF-8 are kept as they
    are.

    Args:
        path: The file. One that exists is gone on with.

    Raises:
        UsageError: The file is there and is not one of these.
        OutputError: It cannot be written.

    Attributes:
        done: Names of the images that the file has.
        heading: What stands before the first entry.
        beginning: What every file of the format begins with.
    """

    heading = ''
    beginning: str

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: set[str] = set()
        with explain_failed_output(path):
            if path.exists():
                self._take_over()
            self._file = path.open(
                'a', encoding='utf-8', errors='surrogateescape', newline=''
            )
            if self._file.tell() == 0:
                self._file.write(self.heading)

    def write(self, prediction: Prediction) -> None:
        """Add one image, in one piece.

        Raises:
            OutputError: It cannot be written.
        """
        with explain_failed_output(self.path):
            self._file.write(self._format(prediction))
            self._file.flush()
        self.done.add(prediction['image'])

    def close(self) -> None:
        """Close the file."""
        # What a full disk did not take is still in the buffer, and tried again.
        with contextlib.suppress(OSError):
            self._file.close()

    def _take_over(self) -> None:
        """Read which images are done, and cut off a torn end."""
        read = whole = 0

        def lines(file: BinaryIO) -> Iterator[str]:
            nonlocal read
            for line in file:
                if not line.endswith(b'\n'):
                    return
                read += len(line)
                yield line.decode('utf-8', 'surrogateescape')

        try:
            with self.path.open('rb') as file:
                start = file.read(len(self.beginning))
                if not self.beginning.encode().startswith(start):
                    raise ValueError(f'begins with {start}')
                file.seek(0)
                for name in self._entries(lines(file)):
                    whole = read
                    if name is not None:
                        self.done.add(name)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise UsageError(
                f'{self.path} cannot be gone on with: it holds something else '
                'than predictions; name another file, or --overwrite it'
            ) from error
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    @abstractmethod
    def _format(self, prediction: Prediction) -> str:
        """Return the entry of one image."""

    @abstractmethod
    def _entries(self, lines: Iterator[str]) -> Iterator[str | None]:
        """Yield the name of each entry when all its lines are read.

        A heading has no name.
        """


class JsonLines(RecordFile):
    """A line of JSON for each image, see :func:`mmscanet.apis.to_prediction`."""

    beginning = '{"image": '

    def _format(self, prediction: Prediction) -> str:
        # In ASCII, which any name can be written in.
        return json.dumps(prediction) + '\n'

    def _entries(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            yield json.loads(line)['image']


class Csv(RecordFile):
    """A row for each label of each image, with its best box.

    An image without a label has one row, with ``of`` 0. ``rank`` counts the labels of
    an image, ``of`` of them, so that a torn entry shows.
    """

    COLUMNS = (
        *('image', 'width', 'height', 'rank', 'of', 'label', 'score', 'threshold'),
        *('object_score', 'context_score', 'scene_score', 'context_only'),
        *('x1', 'y1', 'x2', 'y2'),
    )
    heading = beginning = ','.join(COLUMNS) + '\r\n'

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

    def _entries(self, lines: Iterator[str]) -> Iterator[str | None]:
        rows = csv.reader(lines, strict=True)
        if next(rows, None) is not None:
            yield None
        with contextlib.suppress(csv.Error):  # a quoted name that is torn
            for row in rows:
                if len(row) != len(self.COLUMNS):
                    raise ValueError(f'a row of {len(row)} columns')
                if row[3] == row[4]:
                    yield row[0]


class Screen:
    """In the place of a file: a line for people on stdout.

    A star marks a label that is there only thanks to context: the context branch, the
    scene branch or both.
    """

    done: frozenset[str] = frozenset()

    def write(self, prediction: Prediction) -> None:
        """Print one image."""
        labels = ', '.join(
            f'{each["label"]} {each["score"]:.2f}{"*" if each["context_only"] else ""}'
            for each in prediction['labels']
        )
        tqdm.write(f'{printable(prediction["image"])}: {labels or "no label"}')

    def close(self) -> None:
        """Do nothing."""


FORMATS = {'.jsonl': JsonLines, '.csv': Csv}


def _csv_text(rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO(newline='')
    # Lines end as RFC 4180 says; the writer quotes names with either character.
    csv.writer(buffer, lineterminator='\r\n').writerows(rows)
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


@contextlib.contextmanager
def open_records(path: str | None) -> Iterator[RecordFile | Screen]:
    """Open a file of predictions in the format that its suffix names.

    Args:
        path: See :func:`check_out`; ``None`` prints instead.
    """
    records = FORMATS[Path(path).suffix](Path(path)) if path else Screen()
    try:
        yield records
    finally:
        records.close()
