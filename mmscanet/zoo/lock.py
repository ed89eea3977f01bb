"""One process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmscanet.errors import explain_failed_output

from .fetch import tell


@contextmanager
def only_process(target: Path) -> Iterator[None]:
    """Keep other processes, and threads, from making ``target`` meanwhile.

    They wait here and should then look whether it is there. A process that dies lets
    go of the lock. The lock is a file beside ``target``; it goes once that is made.

    Raises:
        OutputError: The file cannot be written or locked.
    """
    path = target.with_name(f'{target.name}.lock')
    with explain_failed_output(path):
        file = path.open('a')
    with file:
        with explain_failed_output(path):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                tell(f'another process is fetching {target.name}: waiting for it')
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
        path.unlink(missing_ok=True)
