"""The table of all runs as files: a CSV, and a JSON with their protocol."""

import csv
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmscanet.errors import DataError
from mmscanet.files import write_atomically, write_json

from .protocol import Protocol, check_same

#: Of ``compute_figures``, in percent, threshold 0.5, scores of the whole model.
FIGURES = (
    *('mAP', 'CP', 'CR', 'CF1', 'OP', 'OR', 'OF1'),
    *('mAP_small', 'mAP_medium', 'mAP_large', 'mAP_11point'),
)
_SECONDS = ('train_seconds', 'predict_seconds')
COLUMNS = (
    *('method', 'config', 'dataset', 'backbone', 'seed', *FIGURES),
    *('parameters', 'flops', *_SECONDS),
    *('seen_in_pretraining', 'machine'),
    *('python', 'mmscanet', 'torch', 'mmengine', 'mmcv', 'mmdet'),
    *('run', 'recipe', 'protocol'),
)
_COUNTS = ('seed', 'parameters', 'flops', 'seen_in_pretraining')


@dataclass(frozen=True)
class Row:
    """A finished run.

    Attributes:
        protocol: What it was measured by.
        values: A value for each of :data:`COLUMNS` but ``protocol``; None for none.
    """

    protocol: Protocol
    values: dict[str, Any]


@dataclass
class Results:
    """The rows of one CSV file, all of one protocol.

    Rows that an earlier comparison has written stay, until a row of the same config
    and seed takes their place. The rows are sorted, and the same rows give the same
    bytes.

    Attributes:
        path: The CSV file; the JSON lies beside it.
        protocol: Of all rows; None while there is no row.
        rows: By config and seed, what stands in the file, as text.
        unsaved: Config and seed of the rows that were added since.
    """

    path: Path
    protocol: Protocol | None = None
    rows: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    unsaved: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def load(cls, path: Path) -> 'Results':
        """Read a CSV file and its JSON; without the file there are no rows yet.

        Raises:
            DataError: They are not what :meth:`save` wrote.
        """
        results = cls(path)
        if not path.exists():
            return results
        try:
            results.rows = _read_rows(path)
            content = json.loads(results.protocol_path.read_text())
            results.protocol = Protocol.from_json(content['parts'])
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise DataError(
                f'{path} and its .json are not what this tool writes ({error}); mend '
                'them, move them away, or name another --out-dir'
            ) from error
        hashes = {row['protocol'] for row in results.rows.values()}
        strangers = hashes - {results.protocol.hash}
        if strangers:
            raise DataError(
                f'{path} has rows of the protocol {", ".join(sorted(strangers))}, its '
                f'.json is of {results.protocol.hash}; move them away, or name another '
                '--out-dir'
            )
        return results

    @property
    def protocol_path(self) -> Path:
        """The JSON file with the parts of the protocol."""
        return self.path.with_suffix('.json')

    def add(self, row: Row) -> None:
        """Put a run in the table.

        Raises:
            UsageError: Its protocol is not that of the other rows.
        """
        config, seed = row.values['config'], row.values['seed']
        if self.protocol is not None:
            check_same({str(self.path): self.protocol, config: row.protocol})
        self.protocol = row.protocol
        values = {**row.values, 'protocol': row.protocol.hash}
        self.rows[config, seed] = {name: _cell(values[name]) for name in COLUMNS}
        self.unsaved.add((config, seed))

    def take_up(self) -> list[tuple[dict[str, str], dict[str, str]]]:
        """Take up what others have written into the file since it was read.

        Only rows that are not saved stay as they are. To be called while no other
        process may write, just before :meth:`save`.

        Returns:
            Pairs of a row of the file and the one of another run that replaces it.

        Raises:
            DataError: See :meth:`load`.
            UsageError: The file is of another protocol by now.
        """
        there = Results.load(self.path)
        if there.rows and self.protocol is not None:
            check_same({str(self.path): there.protocol, 'these runs': self.protocol})
        mine = {key: self.rows[key] for key in sorted(self.unsaved)}
        self.rows = {**there.rows, **mine}
        both = [(there.rows[key], mine[key]) for key in mine if key in there.rows]
        return [(old, new) for old, new in both if old['run'] != new['run']]

    def sorted_rows(self) -> list[dict[str, str]]:
        """Return the rows by method, config and seed."""
        return sorted(
            self.rows.values(),
            key=lambda row: (row['method'], row['config'], int(row['seed'])),
        )

    def save(self) -> None:
        """Write both files; each is there whole or as it was before."""
        content = dict(protocol=self.protocol.hash, parts=self.protocol.to_json())
        write_json(self.protocol_path, content)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator='\n')
        writer.writeheader()
        writer.writerows(self.sorted_rows())
        write_atomically(self.path, text.getvalue())
        self.unsaved.clear()


def _read_rows(path: Path) -> dict[tuple[str, int], dict[str, str]]:
    """Read the rows of a CSV file by config and seed.

    Raises:
        ValueError: Says what is not as :meth:`Results.save` writes it, and where.
    """
    rows = {}
    with path.open(newline='') as file:
        lines = csv.reader(file)
        columns = next(lines, None)
        if columns is None:
            raise ValueError('there is no line')
        if absent := [name for name in COLUMNS if name not in columns]:
            raise ValueError(f'no column {", ".join(absent)}')
        if tuple(columns) != COLUMNS:
            raise ValueError('other columns')
        for cells in lines:
            where = f'line {lines.line_num}'
            if len(cells) != len(COLUMNS):
                raise ValueError(f'{where}: {len(cells)} cells and not {len(COLUMNS)}')
            row = dict(zip(COLUMNS, cells, strict=True))
            _check_numbers(row, where)
            key = row['config'], int(row['seed'])
            if key in rows:
                raise ValueError(f'{where}: an earlier line has its config and seed')
            rows[key] = row
    return rows


def _check_numbers(row: dict[str, str], where: str) -> None:
    """Refuse a row that cannot be counted with.

    Raises:
        ValueError: Names the cell.
    """
    for name, cell in row.items():
        if name in _COUNTS and not cell.isdecimal():
            raise ValueError(f'{where}: {name} is {cell!r}, and not a whole number')
        # What was not measured is empty; mAP always was.
        is_measured = name in (*FIGURES, *_SECONDS) and (cell or name == 'mAP')
        if is_measured and not _is_number(cell):
            raise ValueError(f'{where}: {name} is {cell!r}, and not a number')


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _cell(value: Any) -> str:
    """Format a value: a figure or a time to six digits, a count in full."""
    if value is None:
        return ''
    return f'{value:.6g}' if isinstance(value, float) else str(value)
