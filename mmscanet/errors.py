"""Faults of the user's, told in one line.

The command-line tools print such an error as its line and exit with status 2. Each
kind is also the built-in exception that a caller of the package would expect.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UsageError(Exception):
    """A mistake in the command line or in the files it names; one line of text."""


class ConfigError(UsageError, ValueError):
    """Settings of a config that contradict each other or the data."""


class DataError(UsageError, ValueError):
    """Data that are there but cannot be used: empty, malformed, contradictory."""


class MissingDataError(UsageError, FileNotFoundError):
    """Data that are not where the config says."""


class UnreadableDataError(UsageError, RuntimeError):
    """One file of the data, met during a run, that cannot be read."""


class OutputError(UsageError, OSError):
    """A file or folder that cannot be written."""


@contextmanager
def explain_failed_output(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say which file could not be written, as on a full disk.

    Raises:
        OutputError: In the place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(f'cannot write {path}: {error.strerror or error}') from error


def require_writable_folder(folder: str | os.PathLike[str]) -> None:
    """Make ``folder`` if need be and prove that files can be written into it.

    Raises:
        OutputError: They cannot.
    """
    if Path(folder).is_file():
        raise OutputError(f'cannot write to {folder}: it is a file, not a folder')
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix='.writable-'):
            pass
    except OSError as error:
        raise OutputError(f'cannot write to {folder}: {error.strerror}') from error


def require_writable_file(path: str | os.PathLike[str], suffix: str = '') -> None:
    """Prove, before a long run, that the file ``path`` can be written after it.

    Args:
        path: The file.
        suffix: What its name must end in, so that no slip of the hand replaces a
            checkpoint or a score file.

    Raises:
        OutputError: It cannot.
    """
    if not os.fspath(path).endswith(suffix):
        raise OutputError(f'cannot write {path}: the name must end in {suffix}')
    if Path(path).is_dir():
        raise OutputError(f'cannot write {path}: it is a folder')
    try:
        require_writable_folder(Path(path).parent)
    except OutputError as error:
        cause = error.__cause__
        reason = cause.strerror if cause else f'{Path(path).parent} is a file'
        raise OutputError(f'cannot write {path}: {reason}') from error
