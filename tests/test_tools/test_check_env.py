"""`python tools/check_env.py`, where all is well and where nothing is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from mmscanet import __version__, env

# What stands in the first column, in this order.
ROWS = [
    'Python',
    *(package.module for package in env.PACKAGES),
    'mmcv operators',
    'device',
    'mmscanet',
]


def check(script: Path, *options: str, **variables: str) -> tuple[int, list[str]]:
    """Run the tool in a new process; return its exit status and its lines."""
    result = subprocess.run(
        [sys.executable, *options, str(script)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert result.stderr.count('Traceback') == 0, result.stderr
    return result.returncode, result.stdout.splitlines()


def test_all_well(repo_root: Path) -> None:
    code, lines = check(
        repo_root / 'tools/check_env.py',
        PYTHONPATH=str(repo_root),
        CUDA_VISIBLE_DEVICES='',
    )
    assert code == 0
    rows = [line for line in lines if line.startswith(tuple(ROWS))][:-1]
    assert [line[:15].strip() for line in rows] == ROWS
    assert 'nms and RoIAlign run on cpu' in rows[-3]
    assert rows[-2].split()[1:3] == ['CPU', 'only']
    assert rows[-1].split()[1] == __version__
    assert lines[-1] == 'mmscanet can run here.'


def test_nothing_installed(repo_root: Path) -> None:
    # -I -S: without site-packages, as in a bare environment.
    code, lines = check(repo_root / 'tools/check_env.py', '-I', '-S')
    assert code == 1
    assert sum('is not installed' in line for line in lines) == len(env.PACKAGES)
    assert [line.strip() for line in lines[-2:]] == [
        env.BUILD_COMMAND,
        env.STACK_COMMAND,
    ]


def test_operators_missing(repo_root: Path, tmp_path: Path) -> None:
    # An mmcv as pip builds it in isolation: all there but the operators.
    (tmp_path / 'sitecustomize.py').write_text(
        "import sys\nsys.modules['mmcv._ext'] = None\n"
    )
    code, lines = check(repo_root / 'tools/check_env.py', PYTHONPATH=str(tmp_path))
    assert code == 1
    assert any('without its compiled operators' in line for line in lines)
    assert lines[-1].strip() == env.OPERATORS_COMMAND


def test_installed_beside_the_package(repo_root: Path, tmp_path: Path) -> None:
    """It finds env.py from mmscanet/.mim/tools too, where a wheel puts it."""
    package = tmp_path / 'mmscanet'
    (package / '.mim/tools').mkdir(parents=True)
    shutil.copy(repo_root / 'mmscanet/env.py', package)
    script = shutil.copy(repo_root / 'tools/check_env.py', package / '.mim/tools')
    code, lines = check(Path(script), '-I', '-S')
    assert code == 1
    assert lines[-1].strip() == env.STACK_COMMAND
