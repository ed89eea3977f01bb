"""``python -m mmscanet``: each command leads to what stands behind it."""

import os
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


@pytest.mark.parametrize(
    ('arguments', 'status', 'told'),
    [
        (['zoo', 'list'], 141, ''),
        (['zoo', 'verify', 'setup.py'], 1, ''),
        (['zoo', 'info', 'none'], 2, 'error: '),
    ],
)
def test_a_reader_may_have_enough(arguments: list[str], status: int, told: str) -> None:
    command = [sys.executable, '-m', 'mmscanet', *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What is printed is to be in the buffer still when the reader is gone.
        env={**os.environ, 'PYTHONUNBUFFERED': ''},
    ) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert error.startswith(told)
    assert error.count('\n') == bool(told)
    assert process.returncode == status


def test_there_need_be_no_output() -> None:
    command = 'exec "$0" -m mmscanet zoo info scanet_r18_fpn_shapes >&-'
    done = subprocess.run(['sh', '-c', command, sys.executable], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b'')
