"""The record of published weights: ``checkpoints/published.json``."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mmscanet.errors import DataError
from mmscanet.files import write_json

#: Where the record lies in the repository.
RECORD = Path('checkpoints/published.json')


@dataclass(frozen=True)
class Published:
    """What cannot be computed of published weights.

    Attributes:
        weights: Where the file lies: a URL, or a path below the repository's root.
        sha256: Of the file, in hexadecimal.
        size: Of the file, in bytes.
        dtype: Of its floating tensors: ``'float16'``.
        metrics: ``mAP``, ``CF1`` and ``OF1`` of the published weights, in percent.
        mAP_before: mAP of the checkpoint that they were made of, in percent, or
            ``None`` where it was not measured.
        data: The images that these were measured on.
        command: The one that trained them.
    """

    weights: str
    sha256: str
    size: int
    dtype: str
    metrics: dict[str, float]
    mAP_before: float | None
    data: str
    command: str


def load_published(path: Path) -> dict[str, Published]:
    """Read a record, config name -> weights; without the file there are none.

    Raises:
        DataError: It is not what :func:`save_published` wrote.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
        return {name: Published(**entry) for name, entry in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(f'{path} is no record of published weights: {error}') from error


def save_published(path: Path, published: dict[str, Published]) -> None:
    """Write a record, sorted by name."""
    content = {name: asdict(published[name]) for name in sorted(published)}
    write_json(path, content)
