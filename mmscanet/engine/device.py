"""The device that was asked for."""

import torch

from mmscanet.errors import UsageError


def check_device(device: str | None) -> None:
    """Refuse a device that is not here; ``None`` means any.

    Raises:
        UsageError: Names the device.
    """
    if device is None:
        return
    try:
        # Read back, as torch's device ``meta`` holds no numbers.
        torch.zeros(1, device=device).item()
    # What torch raises: on an unknown name, without CUDA, on a number too high; on the
    # name of hardware whose module is not installed.
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).splitlines()[0].split('. ')[0]
        raise UsageError(f'device {device} cannot be used: {reason}') from error
