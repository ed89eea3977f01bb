"""The command that writes the metafiles."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def run(
    load_tool: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., int]:
    """Run the command where two files are to be written; return its exit status."""
    (tmp_path / 'made').mkdir()
    tool = load_tool('misc/make_metafiles')
    monkeypatch.setattr(tool, 'ROOT', tmp_path)
    files = {'made/metafile.yml': 'Models: []\n', 'model-index.yml': 'Import: []\n'}
    monkeypatch.setattr(tool, 'make_metafiles', lambda root: files)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, 'argv', ['make_metafiles.py', *arguments])
        return tool.main()

    return call


def test_writes_what_is_out_of_date(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run('--check') == 1
    assert not (tmp_path / 'model-index.yml').exists()
    assert run() == 0
    assert (tmp_path / 'model-index.yml').read_text() == 'Import: []\n'
    assert run('--check') == 0
    (tmp_path / 'made/metafile.yml').write_text('Models: [edited]\n')
    capsys.readouterr()
    assert run('--check') == 1
    line = capsys.readouterr().err
    assert line == (
        'out of date: made/metafile.yml; run python tools/misc/make_metafiles.py\n'
    )
    assert run() == 0
    assert capsys.readouterr().out.count('written: ') == 1
    assert (tmp_path / 'made/metafile.yml').read_text() == 'Models: []\n'
