"""Files that are whole or not there."""

import os
from contextlib import suppress
from pathlib import Path

from .errors import explain_failed_output


def write_atomically(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file that is there whole or as it was before; folders are made.

    Args:
        path: The file.
        content: Bytes, or text to be written as UTF-8.

    Raises:
        OutputError: It cannot be written, as on a full disk; nothing is left of it.
    """
    path = Path(path)
    partial = path.with_name(f'{path.name}.partial')
    content = content.encode() if isinstance(content, str) else content
    with explain_failed_output(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise
