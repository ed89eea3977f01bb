"""Files that are whole or not there."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from .errors import explain_failed_output


def write_atomically(
    path: str | os.PathLike[str], content: str | bytes | memoryview
) -> None:
    """Write a file that is there whole or as it was before; folders are made.

    Several processes may write the same one: the last whole one stays. A link is
    replaced, what it points to is left alone.

    Args:
        path: The file.
        content: Bytes, or text to be written as UTF-8.

    Raises:
        OutputError: It cannot be written, as on a full disk; nothing is left of it.
    """
    path = Path(path)
    partial = path.with_name(f'.{path.name}.{uuid4().hex}.partial')
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
