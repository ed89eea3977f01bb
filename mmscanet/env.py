"""What mmscanet needs around it: one check for the import and for the tool.

``import mmscanet`` calls :func:`require_stack`; ``tools/check_env.py`` loads this
file by its path and prints what :func:`find_faults` finds. It therefore imports
nothing but the standard library until it looks at a package, and nothing of
mmscanet at all.
"""

import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

BUILD_COMMAND = 'pip install -r requirements/build.txt'
STACK_COMMAND = 'pip install --no-build-isolation -r requirements.txt'
# Without the cache, or pip would take the faulty wheel from there once more.
OPERATORS_COMMAND = (
    'pip install --no-build-isolation --no-cache-dir --force-reinstall --no-deps '
    'onedl-mmcv==2.3.6'
)
CUDA_OPERATORS_COMMAND = f'FORCE_CUDA=1 {OPERATORS_COMMAND}'
HEADLESS_COMMAND = (
    'pip install --force-reinstall --no-deps opencv-python-headless==4.12.0.88'
)

PYTHON_RANGE = ('3.10', '3.13')


class Package(NamedTuple):
    """A package that must be there: ``lower <= version < upper``."""

    module: str
    distribution: str
    lower: str
    upper: str | None
    mend: str = STACK_COMMAND


class Fault(NamedTuple):
    """What is wrong with one part of the environment and what mends it."""

    name: str
    reason: str
    mend: str
    cause: str = ''  # the error behind it; the same for all that fail by it


# The ranges are those of pyproject.toml (a test compares them), in the order in
# which the packages build upon each other.
PACKAGES = (
    Package('torch', 'torch', '2.4', '2.14', BUILD_COMMAND),
    Package('torchvision', 'torchvision', '0.19', None, BUILD_COMMAND),
    Package('numpy', 'numpy', '2', '2.3', BUILD_COMMAND),
    Package('cv2', 'opencv-python-headless', '4.10', '4.13'),
    Package('mmengine', 'onedl-mmengine', '0.10.8', '1'),
    Package('mmcv', 'onedl-mmcv', '2.3', '2.4'),
    Package('mmdet', 'onedl-mmdetection', '3.5', '4'),
    Package('mmpretrain', 'onedl-mmpretrain', '1.3.6', '2'),
    Package('pycocotools', 'pycocotools', '2.0.8', None),
)

# What `import mmscanet` itself imports; the rest is left to tools/check_env.py.
IMPORTED = ('torch', 'numpy', 'cv2', 'mmengine', 'mmcv', 'mmdet')


def parse_version(version: str) -> tuple[int, ...]:
    """Turn the release part of a version into numbers: '2.11.0+cpu' -> (2, 11, 0)."""
    release = re.match(r'\d+(\.\d+)*', version)
    return tuple(int(part) for part in release[0].split('.')) if release else ()


def package_version(package: Package) -> str:
    """Return the version of an importable package.

    Raises:
        Exception: Whatever importing the package raises.
    """
    module = importlib.import_module(package.module)
    version = getattr(module, '__version__', None)
    if version is None:  # pycocotools does not tell
        from importlib.metadata import version as installed_version

        version = installed_version(package.distribution)
    return str(version)


def package_fault(package: Package) -> Fault | None:
    """Say what keeps a package from being used, or None."""
    wanted = f'>={package.lower}' + (f',<{package.upper}' if package.upper else '')
    try:
        version = package_version(package)
    except Exception as error:  # a broken package may raise anything
        cause = _one_line(error)
        mend = package.mend
        if isinstance(error, ModuleNotFoundError) and error.name == package.module:
            reason = (
                f'{package.module} is not installed: '
                f'needs {package.distribution}{wanted}'
            )
        else:
            reason = f'{package.module} cannot be imported: {cause}'
            # libGL.so.1 and its like: the OpenCV with windows on a machine without.
            if package.module == 'cv2':
                mend = HEADLESS_COMMAND
        return Fault(package.module, reason, mend, cause)
    found = parse_version(version)
    if found < parse_version(package.lower) or (
        package.upper and found >= parse_version(package.upper)
    ):
        reason = f'{package.module} {version} does not fit: needs {wanted}'
        return Fault(package.module, reason, package.mend)
    return None


def operators_fault() -> Fault | None:
    """Say whether mmcv lacks its compiled operators or cannot load them."""
    try:
        importlib.import_module('mmcv._ext')
    except ModuleNotFoundError as error:
        if error.name != 'mmcv._ext':
            reason = f'mmcv cannot be imported: {_one_line(error)}'
            return Fault('mmcv operators', reason, STACK_COMMAND)
        reason = (
            'mmcv was installed without its compiled operators (mmcv._ext): '
            'it was built apart from torch'
        )
        return Fault('mmcv operators', reason, OPERATORS_COMMAND)
    except ImportError as error:  # an undefined symbol, as a rule
        reason = (
            "mmcv's compiled operators were built against another torch: "
            f'{_one_line(error)}'
        )
        return Fault('mmcv operators', reason, OPERATORS_COMMAND)
    return None


def find_faults(modules: Iterable[str] | None = None) -> list[Fault]:
    """Find what is missing, broken or of the wrong version.

    Args:
        modules: Import names to look at. Defaults to all of :data:`PACKAGES`.

    Returns:
        The faults, in the order in which they should be mended. Operators are not
        looked at while torch or mmcv itself has a fault.
    """
    faults = []
    lower, upper = (parse_version(bound) for bound in PYTHON_RANGE)
    if not lower <= sys.version_info[:2] < upper:
        reason = (
            f'Python {sys.version_info[0]}.{sys.version_info[1]} does not fit: '
            f'needs >={PYTHON_RANGE[0]},<{PYTHON_RANGE[1]}'
        )
        faults.append(Fault('Python', reason, 'python3.11 -m venv .venv'))
    for package in PACKAGES:
        if modules is None or package.module in modules:
            faults.append(package_fault(package))
    faults = [fault for fault in faults if fault is not None]
    if not {'torch', 'cv2', 'mmcv'} & {fault.name for fault in faults}:
        fault = operators_fault()
        faults += [fault] if fault else []
    return faults


def require_stack() -> None:
    """Raise one error that says what mmscanet lacks and how to mend it.

    Raises:
        ImportError: If something that ``import mmscanet`` needs is missing, broken
            or of the wrong version.
    """
    faults = root_faults(find_faults(IMPORTED))
    if not faults:
        return
    lines = ['mmscanet cannot run here:']
    lines += [f'  - {fault.reason}' for fault in faults]
    lines += ["To mend it, from the root of mmscanet's repository:"]
    lines += [f'    {command}' for command in mending_commands(faults)]
    lines += ['Then `python tools/check_env.py` tells whether all is well.']
    raise ImportError('\n'.join(lines))


def add_projects() -> None:
    """Let ``projects.<peer>``, as configs import it, be found wherever a command runs.

    The folder lies beside the package in a clone; a wheel does not carry it.
    """
    root = Path(__file__).resolve().parents[1]
    if (root / 'projects').is_dir() and str(root) not in sys.path:
        sys.path.append(str(root))


def root_faults(faults: Iterable[Fault]) -> list[Fault]:
    """Leave out the faults that only repeat the cause of an earlier one.

    Without torch, say, mmengine and all that stand on it fail with torch's error.
    """
    seen: set[str] = set()
    roots = []
    for fault in faults:
        if not fault.cause or fault.cause not in seen:
            roots.append(fault)
        seen.add(fault.cause)
    return roots


def mending_commands(faults: Iterable[Fault]) -> list[str]:
    """List each command that mends some of the faults once, in order."""
    return list(dict.fromkeys(fault.mend for fault in root_faults(faults)))


def _one_line(error: BaseException) -> str:
    """Describe an error by its type and the first line of its message."""
    first = (str(error).strip().splitlines() or [''])[0]
    return f'{type(error).__name__}: {first}' if first else type(error).__name__
