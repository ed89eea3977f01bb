"""The pages of experiments, read as one, and how they write figures."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / 'docs/experiments.md', *sorted(ROOT.glob('docs/experiments/*.md'))]


@pytest.fixture(scope='session')
def page() -> list[str]:
    """The lines of all pages."""
    return [line for path in PAGES for line in path.read_text().splitlines()]


@pytest.fixture(scope='session')
def text(page: list[str]) -> str:
    """All pages, however their lines are broken."""
    return ' '.join(' '.join(page).split())


@pytest.fixture
def row(page: list[str]) -> Callable[[str], str]:
    """The one row of the pages that begins so."""

    def find(start: str) -> str:
        (found,) = (line for line in page if line.startswith(f'| {start}'))
        return found

    return find


@pytest.fixture
def cells(row: Callable[[str], str]) -> Callable[[str], list[str]]:
    """The cells of the one row of the pages that begins with a name."""
    return lambda name: [cell.strip() for cell in row(f'`{name}` |').split('|')]


@pytest.fixture
def written() -> Callable[[dict[str, float]], str]:
    """A difference with its interval, as the pages write it."""

    def write(x: dict[str, float]) -> str:
        star = '*' if x['low'] > 0 or x['high'] < 0 else ''
        return f'{x["value"]:+.1f} ({x["low"]:+.1f} to {x["high"]:+.1f}){star}'

    return write


@pytest.fixture
def compared(written: Callable) -> Callable[[Path], tuple[str, str, str]]:
    """The mAP of the reference and of the one other file, and how they differ."""

    def read(path: Path) -> tuple[str, str, str]:
        (comparison,) = json.loads(path.read_text()).values()
        figures = comparison['groups']['all']
        values = (f'{figures[x]["value"]:.1f}' for x in ('reference', 'other'))
        return (*values, written(figures['difference']))

    return read
