"""What `import mmscanet` says when something that it stands on is missing."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mmscanet import env

STUBS = {
    'torch': '2.11.0+cpu',
    'torchvision': '0.26.0',
    'numpy': '2.2.6',
    'cv2': '4.12.0',
    'mmengine': '0.10.12',
    'mmcv': '2.3.6',
    'mmcv._ext': '',
    'mmdet': '3.5.1',
    'mmpretrain': '1.3.6',
    'pycocotools': '2.0.11',
}


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Replace every package by its version; an exception in place of one is raised."""
    modules: dict[str, object] = dict(STUBS)

    def import_module(name: str) -> object:
        found = modules.get(name) or ModuleNotFoundError(
            f"No module named '{name}'", name=name
        )
        if isinstance(found, Exception):
            raise found
        return type('Module', (), {'__version__': found})

    monkeypatch.setattr(env.importlib, 'import_module', import_module)
    modules['mmcv._ext'] = 'there'
    return modules


def error_of_import(repo_root: Path, prelude: str) -> str:
    """Import mmscanet in a new process after a prelude; return how it fails."""
    code = textwrap.dedent(prelude) + '\nimport mmscanet\n'
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=repo_root, capture_output=True, text=True
    )
    assert result.returncode == 1
    return result.stderr.split('\nImportError: ')[-1]


def test_import_without_operators(repo_root: Path) -> None:
    # None in sys.modules: Python reports the module as not found.
    error = error_of_import(
        repo_root,
        """
        import sys
        sys.modules['mmcv._ext'] = None
        """,
    )
    lines = error.strip().splitlines()
    assert lines[0] == 'mmscanet cannot run here:'
    assert 'mmcv._ext' in lines[1]
    assert lines[3].strip() == env.OPERATORS_COMMAND
    assert len(lines) == 5


def test_import_without_mmdet(repo_root: Path) -> None:
    error = error_of_import(
        repo_root,
        """
        import sys
        sys.modules['mmdet'] = None
        """,
    )
    assert 'mmdet is not installed: needs onedl-mmdetection>=3.5,<4' in error
    assert env.STACK_COMMAND in error


def test_all_well(stubs: dict[str, object]) -> None:
    assert env.find_faults() == []
    env.require_stack()


def test_operators_for_another_torch(stubs: dict[str, object]) -> None:
    stubs['mmcv._ext'] = ImportError('_ext.so: undefined symbol: _ZN3c10')
    (fault,) = env.find_faults()
    assert 'another torch' in fault.reason
    assert fault.mend == env.OPERATORS_COMMAND


def test_opencv_with_windows_on_a_server(stubs: dict[str, object]) -> None:
    # mmcv imports cv2, so both fail; one command mends them.
    error = 'libGL.so.1: cannot open shared object file: No such file or directory'
    stubs['cv2'] = stubs['mmcv'] = stubs['mmpretrain'] = ImportError(error)
    faults = env.find_faults()
    assert [fault.name for fault in faults] == ['cv2', 'mmcv', 'mmpretrain']
    assert env.mending_commands(faults) == [env.HEADLESS_COMMAND]
    with pytest.raises(ImportError) as raised:
        env.require_stack()
    assert str(raised.value).count('libGL') == 1


@pytest.mark.parametrize(
    ('module', 'version', 'mend'),
    [
        ('mmcv', '2.2.0', env.STACK_COMMAND),
        ('mmcv', '2.4.0', env.STACK_COMMAND),
        ('mmengine', '0.10.7', env.STACK_COMMAND),
        ('mmdet', '3.3.0', env.STACK_COMMAND),
        ('torch', '2.14.0+cu130', env.BUILD_COMMAND),
        ('numpy', '1.26.4', env.BUILD_COMMAND),
    ],
)
def test_version_out_of_range(
    stubs: dict[str, object], module: str, version: str, mend: str
) -> None:
    stubs[module] = version
    (fault,) = env.find_faults()
    assert f'{module} {version} does not fit' in fault.reason
    assert fault.mend == mend


def test_nothing_installed(stubs: dict[str, object]) -> None:
    stubs.clear()
    faults = env.find_faults()
    assert [fault.name for fault in faults] == [pkg.module for pkg in env.PACKAGES]
    assert env.mending_commands(faults) == [env.BUILD_COMMAND, env.STACK_COMMAND]


def test_python_out_of_range(
    stubs: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(env.sys, 'version_info', (3, 9, 1))
    (fault,) = env.find_faults()
    assert 'Python 3.9 does not fit: needs >=3.10,<3.13' in fault.reason


def test_ranges_are_those_of_pyproject(repo_root: Path) -> None:
    # Not with tomllib, which Python 3.10 lacks.
    project = (repo_root / 'pyproject.toml').read_text()
    listed = re.findall(r"^    '(.+)',$", project, re.MULTILINE)
    for package in env.PACKAGES:
        bound = f',<{package.upper}' if package.upper else ''
        assert f'{package.distribution}>={package.lower}{bound}' in listed
    assert "requires-python = '>={},<{}'".format(*env.PYTHON_RANGE) in project


def test_commands_name_the_tested_pins(repo_root: Path) -> None:
    pins = (repo_root / 'requirements/runtime.txt').read_text().split()
    for command in (env.OPERATORS_COMMAND, env.HEADLESS_COMMAND):
        assert command.split()[-1] in pins


def test_projects_of_a_clone_are_found_last(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = [path for path in sys.path if path != str(repo_root)]
    monkeypatch.setattr(sys, 'path', list(elsewhere))
    for _ in range(2):
        env.add_projects()
        assert sys.path == [*elsewhere, str(repo_root)]
    # A wheel has none.
    monkeypatch.setattr(env, '__file__', str(tmp_path / 'mmscanet' / 'env.py'))
    env.add_projects()
    assert sys.path == [*elsewhere, str(repo_root)]
