"""One process at a time."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from .errors import explain_failed_output


@contextmanager
def only_process(
    target: Path, when_waiting: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Keep other processes, and threads, from writing ``target`` meanwhile.

    They wait here and should then look what is there. A process that dies lets go of
    the lock. The lock is a file beside ``target``, which goes in the end.

    Args:
        target: The file to write.
        when_waiting: Called where another process has to be waited for.

    Raises:
        OutputError: The file cannot be written or locked.
    """
    path = target.with_name(f'{target.name}.lock')
    with explain_failed_output(path):
        file = _lock(path, when_waiting)
    with file:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _lock(path: Path, when_waiting: Callable[[], None]) -> TextIO:
    """Return the open and locked file."""
    while True:
        file = path.open('a')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        # Whoever had the lock may have removed the file: others would lock a new one.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()
