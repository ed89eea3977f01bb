"""A small local server that can misbehave, and no waiting between tries."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

import pytest

from mmscanet.zoo import fetch


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.content`` as ``server`` says; records the ranges asked for."""

    def do_GET(self):
        server, asked = self.server, self.headers.get('Range')
        server.asked.append(asked)
        server.gate.wait(timeout=10)
        if server.statuses:
            return self.send_error(server.statuses.pop(0))
        data, start = server.content, 0
        if asked and server.ranges:
            start = int(asked.removeprefix('bytes=').removesuffix('-'))
            if start >= len(data):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(data)}')
                self.send_header('Content-Length', '0')
                return self.end_headers()
            self.send_response(206)
            # Where it pretends to start is not where it was asked to.
            first = start if server.shift is None else start + server.shift
            span = f'bytes {first}-{len(data) - 1}/{len(data)}'
            self.send_header('Content-Range', span)
        else:
            self.send_response(200)
        if server.says_length:
            self.send_header('Content-Length', str(len(data) - start))
        self.end_headers()
        # The connection is closed after so many bytes.
        most = server.dies_after.pop(0) if server.dies_after else len(data)
        with contextlib.suppress(ConnectionError):  # the other side has enough
            self.wfile.write(data[start : start + most])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingTCPServer]:
    """Serve ``server.content`` at ``server.url``."""
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    # Not http.server's own class: it would ask DNS for the machine's name.
    httpd = ThreadingTCPServer(('127.0.0.1', 0), Handler)
    httpd.content, httpd.asked = b'', []
    httpd.ranges, httpd.says_length, httpd.shift = True, True, None
    httpd.statuses, httpd.dies_after = [], []  # of the next answers
    httpd.gate = threading.Event()
    httpd.gate.set()
    httpd.url = f'http://127.0.0.1:{httpd.server_address[1]}/tiny.pth'
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Do not sleep; return the list of the pauses that would have been made."""
    made: list[float] = []
    monkeypatch.setattr(fetch.time, 'sleep', made.append)
    return made
