"""The scalars that mmengine's runs log: finding and reading their files."""

import json
import re
from pathlib import Path

import numpy as np

from mmscanet.errors import UsageError

Records = list[dict[str, float]]


def find_log(path: str) -> Path:
    """Return the file of scalars of a run; of a working folder, that of its last run.

    Raises:
        UsageError: There is none.
    """
    log = Path(path)
    if log.is_file():
        return log
    # mmengine names runs by their starting time, and so are they sorted.
    found = sorted(
        each
        for each in log.rglob('vis_data/*.json')
        if each.name == 'scalars.json' or re.fullmatch(r'\d{8}_\d{6}\.json', each.name)
    )
    if not found:
        raise UsageError(f'{path}: no vis_data/scalars.json in it; is it a run?')
    last_run = found[-1].parent
    scalars = last_run / 'scalars.json'
    return scalars if scalars.exists() else found[-1]


def training_records(folder: Path) -> Records:
    """Read what training logged in a working folder, over all its resumptions.

    Validations log scalars too; only training has a loss.
    """
    logs = sorted(folder.rglob('vis_data/scalars.json'))
    return [
        record
        for log in logs
        if log.stat().st_size
        for record in load_log(log)
        if 'loss' in record
    ]


def load_log(path: Path) -> Records:
    """Read a file of one JSON object a line.

    A last line that a killed run has left unfinished is passed over.

    Raises:
        UsageError: It is no text, another line is not JSON, or nothing is there.
    """
    records: Records = []
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f'{path} is no log: {error}') from error
    for number, line in enumerate(lines, 1):
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise UsageError(f'{path}, line {number}: {error}') from error
    if not records:
        raise UsageError(f'{path}: no values have been logged yet')
    return records


def values(records: Records, key: str, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and values of one key.

    A training value's step is its iteration, a validation value's its epoch.

    Raises:
        UsageError: Lists the keys that the log has.
    """
    having = [each for each in records if key in each]
    if not having:
        known = sorted({name for each in records for name in each})
        raise UsageError(f'{path}: no "{key}"; it has {", ".join(known)}')
    steps = np.array([each['step'] for each in having])
    return steps, np.array([each[key] for each in having], dtype=float)
