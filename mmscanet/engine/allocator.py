"""Memory of tensors on the CPU, which a training step frees and asks for again."""

import ctypes

# <malloc.h> of glibc; mallopt(3).
M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let glibc keep the memory of freed tensors for the next ones.

    By default it returns large blocks to the system as soon as they are freed and asks
    for them anew, and the system clears each page before it lends it again. A step of
    training frees and allocates gigabytes: ``docs/performance.md`` has what this costs.
    The process keeps what it needed at its peak. Blocks that are in use already stay as
    they are.

    Returns:
        Whether the C library has these settings; others are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, -1))
