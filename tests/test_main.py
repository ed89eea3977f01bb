"""``python -m mmscanet``: each command leads to what stands behind it."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmscanet import __version__
from mmscanet.__main__ import main


@pytest.mark.parametrize(
    ('command', 'words'),
    [
        ('predict', '--contact-sheet'),
        ('train', '--auto-scale-lr'),
        ('test', '--show-dir'),
        ('zoo', 'list'),
    ],
)
def test_each_command_explains_itself(
    command: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([command, '--help'])
    assert exit_info.value.code == 0
    assert words in capsys.readouterr().out


def test_mistakes_of_a_tool_keep_their_status(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(['train', 'none.py'])
    assert exit_info.value.code == 2
    assert 'config file none.py does not exist' in capsys.readouterr().err
    with pytest.raises(SystemExit) as exit_info:
        main(['trian'])
    assert exit_info.value.code == 2
    assert "invalid choice: 'trian'" in capsys.readouterr().err


def test_module_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'mmscanet', '--version'],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert (done.returncode, done.stdout.strip()) == (0, __version__), done.stderr


def test_a_reader_may_have_enough() -> None:
    command = [sys.executable, '-m', 'mmscanet', 'zoo', 'list']
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == ''
    assert process.returncode == 141
