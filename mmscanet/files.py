"""Files that are whole or not there."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from .errors import explain_failed_output


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Name a file beside ``path`` to write to, which then takes its place.

    Folders are made. Several processes may write the same file: the last whole one
    stays. A link is replaced, what it points to is left alone. After an error nothing
    is left of the new file, and ``path`` is as it was.

    Raises:
        OutputError: It cannot be written, as on a full disk.
    """
    path = Path(path)
    # Without the name of the file: the two could be too long.
    partial = path.with_name(f'.{uuid4().hex}.partial')
    with explain_failed_output(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield partial
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


def write_atomically(
    path: str | os.PathLike[str], content: str | bytes | memoryview
) -> None:
    """Write a file that is there whole or as it was before, see :func:`atomic_path`.

    Args:
        path: The file.
        content: Bytes, or text to be written as UTF-8.

    Raises:
        OutputError: It cannot be written, as on a full disk; nothing is left of it.
    """
    content = content.encode() if isinstance(content, str) else content
    with atomic_path(path) as partial:
        partial.write_bytes(content)


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write JSON as :func:`write_atomically` writes; nan, which it lacks, as null.

    Args:
        path: The file.
        content: Of dicts, lists, tuples, numbers, text and None.

    Raises:
        OutputError: It cannot be written; nothing is left of it.
    """
    text = json.dumps(_without_nan(content), indent=2, allow_nan=False)
    write_atomically(path, text + '\n')


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
