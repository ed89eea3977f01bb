"""One process at a time."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from .errors import explain_failed_output

# What file systems without locks answer, as some of clusters' are mounted.
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def only_process(
    target: Path, when_waiting: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Keep other processes, and threads, from writing ``target`` meanwhile.

    They wait here and should then look what is there. A process that dies lets go of
    the lock. The lock is a hidden file beside ``target``, which goes in the end. On a
    file system that has no locks nobody is kept out.

    Args:
        target: The file to write, or a link to it.
        when_waiting: Called where another process has to be waited for; what it raises
            ends the waiting.

    Raises:
        OutputError: The file cannot be written or locked.
    """
    target = Path(os.path.realpath(target))
    path = target.with_name(f'.{target.name}.lock')
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
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        # Whoever had the lock may have removed the file: others would lock a new one.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        file.close()
