"""A score file, read for a tool: what is wrong with it is one line to the user."""

import os
from pathlib import Path

import numpy as np

from mmscanet.errors import UsageError

from .score_table import ScoreTable


def load_scores(path: str | os.PathLike[str], ids: Path | None = None) -> ScoreTable:
    """Read a score file, all of it or the images of a list.

    Args:
        path: of the file, which ``tools/test.py --out`` writes.
        ids: a text file with an image id a line; None for all images.

    Raises:
        UsageError: a file cannot be read, or an image is not in the score file.
    """
    try:
        table = ScoreTable.load(path)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error)) from error
    if ids is None:
        return table
    try:
        lines = ids.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f'cannot read {ids}: {error}') from error
    listed = [line.strip() for line in lines if line.strip()]
    if not listed:
        raise UsageError(f'{ids} lists no image')
    if missing := sorted(set(listed) - set(table.img_id)):
        raise UsageError(
            f'{path} lacks {len(missing)} of the {len(listed)} images that '
            f'{ids} lists, e.g. {missing[0]}'
        )
    return table.select(np.isin(table.img_id, listed))
