"""Tell whether this machine has what mmscanet needs, and how to mend what it lacks.

Usage:
    python tools/check_env.py

It prints the versions, whether mmcv's compiled operators are there and run, and
which devices there are. It works with nothing installed at all. The exit status is
0 if mmscanet can run here and 1 if it cannot.
"""

import contextlib
import importlib.util
import io
import platform
import sys
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).resolve().parent


def load_env() -> ModuleType:
    """Load ``mmscanet/env.py`` alone: importing mmscanet needs a working stack."""
    # Beside tools/ in the repository; above .mim/tools/ in an installed package.
    for path in (HERE.parent / 'mmscanet' / 'env.py', HERE.parents[1] / 'env.py'):
        if path.is_file():
            spec = importlib.util.spec_from_file_location('mmscanet_env', path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise FileNotFoundError(f'mmscanet/env.py is not beside {HERE}')


env = load_env()


def show(name: str, text: str) -> None:
    """Print one row of the report."""
    print(f'{name:<15}{text}')


def report_packages(faults: list) -> None:
    """Print a row for Python and for each package, with its fault if it has one."""
    reasons = {fault.name: fault.reason for fault in faults}
    show('Python', reasons.get('Python', platform.python_version()))
    for package in env.PACKAGES:
        reason = reasons.get(package.module)
        show(package.module, reason or env.package_version(package))


def check_operators(device: str) -> str | None:
    """Run two of mmcv's operators on a device and compare with known answers.

    Args:
        device: 'cpu' or 'cuda'.

    Returns:
        What went wrong in one line, or None.
    """
    import torch
    from mmcv.ops import nms, roi_align

    boxes = [[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]]
    scores = torch.tensor([0.9, 0.8, 0.7], device=device)
    roi = torch.tensor([[0.0, 1, 1, 5, 5]], device=device)
    feature = torch.full((1, 1, 8, 8), 3.0, device=device)
    try:
        kept = nms(torch.tensor(boxes, device=device), scores, 0.5)[1].tolist()
        pooled = roi_align(feature, roi, (2, 2), 1.0, 0, 'avg', True)
    except Exception as error:  # a wrong build may raise anything
        return f'{type(error).__name__}: {str(error).strip().splitlines()[0]}'
    if kept != [0, 2] or not torch.allclose(pooled, torch.full_like(pooled, 3.0)):
        return f'nms kept {kept}, RoIAlign gave {pooled.flatten().tolist()}'
    return None


def report_devices() -> list:
    """Print the devices and whether mmcv's operators run on them.

    Returns:
        The faults found on the way.
    """
    import torch

    faults = []
    devices = ['cpu'] + ['cuda'] * torch.cuda.is_available()
    for device in devices:
        wrong = check_operators(device)
        if wrong is None:
            show('mmcv operators', f'nms and RoIAlign run on {device}')
            continue
        reason = f"mmcv's operators do not run on {device}: {wrong}"
        show('mmcv operators', reason)
        on_cpu = device == 'cpu'
        mend = env.OPERATORS_COMMAND if on_cpu else env.CUDA_OPERATORS_COMMAND
        faults.append(env.Fault('mmcv operators', reason, mend))
    if 'cuda' in devices:
        names = [
            torch.cuda.get_device_name(index)
            for index in range(torch.cuda.device_count())
        ]
        show('device', f'CUDA {torch.version.cuda}: {", ".join(names)}')
    else:
        built = f'torch is built for CUDA {torch.version.cuda}'
        cpu = 'torch is built for the CPU'
        show('device', f'CPU only ({built if torch.version.cuda else cpu})')
    return faults


def report_mmscanet(usable: bool) -> list:
    """Print mmscanet's version and whether it imports.

    Args:
        usable: Whether what it stands on has no fault; else it is not tried.

    Returns:
        The fault, if it does not import.
    """
    if not usable:
        show('mmscanet', 'not tried: mend the rest first')
        return []
    try:
        # mmdet prints on import which of its data sets it leaves out.
        with contextlib.redirect_stdout(io.StringIO()):
            import mmscanet
    except ImportError as error:
        reason = f'mmscanet cannot be imported: {str(error).splitlines()[0]}'
        show('mmscanet', reason)
        return [env.Fault('mmscanet', reason, env.STACK_COMMAND)]
    show('mmscanet', f'{mmscanet.__version__} ({Path(mmscanet.__file__).parent})')
    return []


def main() -> int:
    """Print the report; return the exit status."""
    faults = env.find_faults()
    report_packages(faults)
    for fault in faults:
        if fault.name == 'mmcv operators':
            show(fault.name, fault.reason)
    if not faults:
        faults += report_devices()
    faults += report_mmscanet(usable=not faults)
    if not faults:
        print('mmscanet can run here.')
        return 0
    print("\nTo mend it, from the root of mmscanet's repository, in this order:")
    for command in env.mending_commands(faults):
        print(f'    {command}')
    return 1


if __name__ == '__main__':
    sys.exit(main())
