"""The page as its command starts it, with the tiny model and small limits."""

import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mmcv
import numpy as np
import pytest

PROJECT = Path(__file__).resolve().parents[3] / 'projects/web_demo'
sys.path.insert(0, str(PROJECT))  # as Python does for a script in that folder


@dataclass(frozen=True)
class Server:
    """A running page.

    Attributes:
        url: Its address, without a slash at the end.
        process: What serves it.
        errors: What it has written to stderr.
        max_bytes: The largest file it accepts.
    """

    url: str
    process: subprocess.Popen
    errors: Path
    max_bytes: int = 1_000_000


@pytest.fixture
def free_port() -> int:
    """Return a port on which nothing listens."""
    return find_free_port()


def find_free_port() -> int:
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope='session')
def server(
    tiny_config: Path, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Start the page and wait until it says that it serves."""
    pytest.importorskip('gradio', reason='needs requirements/demo.txt')
    port = find_free_port()
    folder = tmp_path_factory.mktemp('server')
    temporary = tmp_path_factory.mktemp('temporary')
    command = [sys.executable, PROJECT / 'app.py', tiny_config, tiny_checkpoint]
    options = ['--port', port, '--max-mb', '1', '--max-megapixels', '0.25']
    with (folder / 'stderr').open('w') as errors:
        process = subprocess.Popen(
            [str(word) for word in [*command, *options]],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=folder,
            env={**os.environ, 'TMPDIR': str(temporary)},
        )
    said = any(line.startswith('serving on') for line in process.stdout)
    assert said, (folder / 'stderr').read_text()[-2000:]
    yield Server(f'http://127.0.0.1:{port}', process, folder / 'stderr')
    process.terminate()
    process.wait(timeout=60)
    assert list(temporary.iterdir()) == [], 'uploads are left behind'


@pytest.fixture
def scene(tmp_path: Path) -> Callable[..., Path]:
    """Write a picture with something in it; return its path."""

    def write(name: str = 'scene.png', seed: int = 0) -> Path:
        rng = np.random.default_rng(seed)
        image = rng.integers(0, 256, (12, 16, 3), np.uint8)
        image = mmcv.imresize(image, (160, 120), interpolation='nearest')
        mmcv.imwrite(image, str(tmp_path / name))
        return tmp_path / name

    return write


@pytest.fixture(scope='session')
def bomb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a PNG of 30,000 x 30,000 black pixels: 0.1 MB, decoded 2.7 GB."""
    side = 30_000
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)  # no filter, one bit a pixel
    data = b''.join(packer.compress(row * 1000) for _ in range(side // 1000))
    size = side.to_bytes(4, 'big')
    path = tmp_path_factory.mktemp('bomb') / 'bomb.png'
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + png_chunk(b'IHDR', size + size + bytes([1, 0, 0, 0, 0]))
        + png_chunk(b'IDAT', data + packer.flush())
        + png_chunk(b'IEND', b'')
    )
    return path


def png_chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, 'big')
    return len(data).to_bytes(4, 'big') + kind + data + check
