"""Files that are whole or not there, whoever else writes them."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mmscanet.errors import OutputError
from mmscanet.files import atomic_path, write_atomically, write_json


def test_many_writers_of_one_file(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'file'
    texts = [str(number) * 50_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_atomically(path, text), texts * 5))
    assert path.read_text() in texts
    assert list(path.parent.iterdir()) == [path]


def test_a_link_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / 'target', tmp_path / 'link'
    target.write_text('old')
    link.symlink_to(target)
    write_atomically(link, b'new')
    assert (target.read_text(), link.read_text()) == ('old', 'new')


def test_nothing_is_left_of_a_failure(tmp_path: Path) -> None:
    path = tmp_path / 'folder'
    path.mkdir()
    with pytest.raises(OutputError, match='cannot write .*folder: '):
        write_atomically(path, 'text')
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_finished_does_not_appear(tmp_path: Path) -> None:
    path = tmp_path / 'file'
    path.write_text('old')
    with pytest.raises(ValueError, match='no good'), atomic_path(path) as partial:
        partial.write_text('half')
        assert (partial.parent, path.read_text()) == (tmp_path, 'old')
        raise ValueError('no good')
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == 'old'


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    write_atomically(tmp_path / ('n' * 255), 'text')


def test_json_has_no_nan(tmp_path: Path) -> None:
    path = tmp_path / 'figures.json'
    write_json(path, dict(low=float('nan'), rows=[(1, 2.5), float('nan')]))
    assert 'NaN' not in path.read_text()
    assert json.loads(path.read_text()) == dict(low=None, rows=[[1, 2.5], None])
