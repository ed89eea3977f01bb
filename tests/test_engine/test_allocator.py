"""What is freed stays with the process, where the C library can be told so."""

import platform
import subprocess
import sys

import pytest

KEPT = """
import re, sys
from pathlib import Path
import numpy as np
from mmscanet.engine.allocator import keep_freed_memory

def resident():
    return int(re.search(r'VmRSS:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])

if sys.argv[1] == 'keep':
    assert keep_freed_memory()
before = resident()
block = np.ones(2**25)  # 256 MiB
del block
print(resident() - before > 2**17)  # more than 128 MiB
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='a setting of glibc')
@pytest.mark.parametrize(('how', 'kept'), [('keep', 'True'), ('plain', 'False')])
def test_freed_memory_is_kept(how: str, kept: str) -> None:
    done = subprocess.run(
        [sys.executable, '-c', KEPT, how], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == kept


def test_other_c_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmscanet.engine import allocator

    monkeypatch.setattr(allocator.ctypes, 'CDLL', lambda _: object())
    assert not allocator.keep_freed_memory()
