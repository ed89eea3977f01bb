"""The JSON text of a thresholds file, a line for each label."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mmscanet.errors import DataError
from mmscanet.version import __version__

if TYPE_CHECKING:
    from .label_thresholds import LabelThresholds

FORMAT_VERSION = 1

_HEAD = ('scores', 'score_key', 'num_images', 'objective', 'target')
_HEAD += ('resamples', 'min_positives', 'shared_threshold')


def encode_thresholds(thresholds: 'LabelThresholds') -> str:
    """Write out all fields but ``source``, numbers to their last digit."""
    head = dict(format_version=FORMAT_VERSION, mmscanet_version=__version__)
    head |= {name: getattr(thresholds, name) for name in _HEAD}
    rows = []
    for row, label in enumerate(thresholds.classes):
        cells: dict[str, Any] = dict(
            label=label,
            threshold=float(thresholds.values[row]),
            fallback=label in thresholds.fallback,
        )
        if thresholds.positives is not None:
            cells['positives'] = int(thresholds.positives[row])
        if thresholds.temperature is not None:
            cells['temperature'] = float(thresholds.temperature[row])
        rows.append(f'    {json.dumps(cells, ensure_ascii=False)}')
    lines = [f'  "{name}": {json.dumps(value)},' for name, value in head.items()]
    labels = ['  "labels": [', ',\n'.join(rows), '  ]']
    return '\n'.join(['{', *lines, *labels, '}', ''])


def decode_thresholds(text: str | bytes) -> dict[str, Any]:
    """Read the fields of :class:`LabelThresholds` from the text of a file.

    Raises:
        DataError: The text is no thresholds file of this version.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DataError(f'this is not JSON: {error}') from error
    if not isinstance(content, Mapping) or 'format_version' not in content:
        raise DataError('this is no thresholds file: it has no format_version')
    if content['format_version'] != FORMAT_VERSION:
        raise DataError(
            f'format_version is {content["format_version"]!r}, and this mmscanet '
            f'({__version__}) reads {FORMAT_VERSION}'
        )
    rows = content.get('labels')
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise DataError('labels is not a list with an object for each label')
    for place, row in enumerate(rows, start=1):
        if not isinstance(row.get('label'), str):
            raise DataError(f'object {place} of labels has no label')
    return {name: content.get(name) for name in _HEAD} | dict(
        classes=tuple(row['label'] for row in rows),
        values=_column(rows, 'threshold'),
        fallback=tuple(row['label'] for row in rows if row.get('fallback')),
        positives=_optional_column(rows, 'positives'),
        temperature=_optional_column(rows, 'temperature'),
    )


def is_number(value: object) -> bool:
    """Whether JSON or a caller gave a number, and not a truth value."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """Gather one number of each label, (C,) float64."""
    for row in rows:
        value = row.get(name)
        if not is_number(value):
            raise DataError(f'{name} of "{row["label"]}" is {value!r}, not a number')
    return np.array([row[name] for row in rows], dtype=np.float64)


def _optional_column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray | None:
    """Gather one number of each label, or None where no label has it."""
    return _column(rows, name) if any(name in row for row in rows) else None
