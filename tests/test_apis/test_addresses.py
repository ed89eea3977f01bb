"""Pictures and checkpoints from servers, good and bad ones."""

import shutil
from functools import partial
from http.server import (
    BaseHTTPRequestHandler,
    SimpleHTTPRequestHandler,
    ThreadingHTTPServer,
)
from pathlib import Path
from threading import Thread

import pytest

from mmscanet.apis import SCANetInferencer
from mmscanet.errors import UsageError


def test_a_server_that_keeps_the_weights_is_told(
    tiny_config: Path, silent_server: str
) -> None:
    url = f'{silent_server}/x.pth'
    with pytest.raises(UsageError, match='cannot fetch http.*x.pth: timed out'):
        SCANetInferencer(tiny_config, url, show_progress=False)


def test_addresses_are_fetched(
    inferencer: SCANetInferencer, pictures: list[str], tmp_path: Path
) -> None:
    shutil.copy(pictures[0], tmp_path / 'a b.png')
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        root = f'http://127.0.0.1:{server.server_port}'
        results = inferencer([f'{root}/a%20b.png', f'{root}/none.png'], threshold=0)
        server.shutdown()
    (prediction,) = results['predictions']
    (expected,) = inferencer(pictures[0], threshold=0)['predictions']
    assert prediction['labels'] == expected['labels']
    ((path, reason),) = results['skipped']
    assert path == f'{root}/none.png'
    assert '404' in reason


class BreaksOff(BaseHTTPRequestHandler):
    """A server that goes away in the middle of each file."""

    def do_GET(self) -> None:
        """Answer with less than is announced."""
        self.send_response(200)
        self.send_header('Content-Length', '1000')
        self.end_headers()
        self.wfile.write(b'begin')


def test_an_address_that_breaks_off_is_skipped(
    inferencer: SCANetInferencer, pictures: list[str]
) -> None:
    with ThreadingHTTPServer(('127.0.0.1', 0), BreaksOff) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}/a.png'
        results = inferencer([url, pictures[0]])
        server.shutdown()
    ((path, reason),) = results['skipped']
    assert path == url and 'IncompleteRead' in reason
    assert len(results['predictions']) == 1
