"""Errors that the tools print as one line, and output that cannot be written."""

from pathlib import Path

import pytest

from mmscanet.errors import (
    DataError,
    MissingDataError,
    OutputError,
    UnreadableDataError,
    UsageError,
    require_writable_file,
    require_writable_folder,
)


@pytest.mark.parametrize(
    ('kind', 'builtin'),
    [
        (DataError, ValueError),
        (MissingDataError, FileNotFoundError),
        (UnreadableDataError, RuntimeError),
        (OutputError, OSError),
    ],
)
def test_errors_are_also_what_callers_expect(
    kind: type[UsageError], builtin: type[Exception]
) -> None:
    assert issubclass(kind, UsageError)
    assert issubclass(kind, builtin)
    assert str(kind('one line')) == 'one line'


def test_writable_places_are_made_and_left_clean(tmp_path: Path) -> None:
    require_writable_file(tmp_path / 'new' / 'scores.npz')
    assert list(tmp_path.rglob('*')) == [tmp_path / 'new']


def test_a_file_to_write_is_left_as_it_was(tmp_path: Path) -> None:
    old = tmp_path / 'scores.npz'
    old.write_text('old')
    require_writable_file(old)
    assert old.read_text() == 'old'


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='cannot write to .*file/in: Not a dir'):
        require_writable_folder(tmp_path / 'file' / 'in')
    with pytest.raises(OutputError, match='cannot write to .*: it is a file, not a fo'):
        require_writable_folder(tmp_path / 'file')
    with pytest.raises(OutputError, match=r'write .*file/x\.npz: .*/file is a file'):
        require_writable_file(tmp_path / 'file' / 'x.npz')
    with pytest.raises(OutputError, match='cannot write .*: it is a folder'):
        require_writable_file(tmp_path)
