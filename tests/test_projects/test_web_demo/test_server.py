"""The page over HTTP: what it answers, and what it refuses and lives."""

import http.client
import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

pytest.importorskip('gradio', reason='needs requirements/demo.txt')
import httpx

APP = '../projects/web_demo/app'


class Visitor:
    """Somebody with a session of their own, as a browser has one.

    Args:
        server: The page.
        session: What tells this visitor from others.
    """

    def __init__(self, server: Any, session: str) -> None:
        self.api = httpx.Client(base_url=f'{server.url}/gradio_api', timeout=120)
        self.functions = {
            function['api_name']: function['id']
            for function in self.api.get(f'{server.url}/config').json()['dependencies']
        }
        self.session = session

    def upload(self, *paths: Path) -> list[dict[str, Any]]:
        """Upload files; return what stands for them on the page."""
        files = [('files', (path.name, path.read_bytes())) for path in paths]
        answer = self.api.post('/upload', files=files)
        answer.raise_for_status()
        return [
            {
                'path': there,
                'orig_name': here.name,
                'meta': {'_type': 'gradio.FileData'},
            }
            for there, here in zip(answer.json(), paths, strict=True)
        ]

    def call(self, name: str, *values: Any) -> list[Any]:
        """Set off an event; return the outputs. State is not sent but kept there.

        Raises:
            ValueError: It failed, with the message that the page would show.
        """
        request = {
            'data': values,
            'fn_index': self.functions[name],
            'session_hash': self.session,
        }
        self.api.post('/queue/join', json=request).raise_for_status()
        with self.api.stream(
            'GET', '/queue/data', params={'session_hash': self.session}
        ) as lines:
            for line in lines.iter_lines():
                event = json.loads(line.removeprefix('data:') or '{}')
                if event.get('msg') == 'process_completed':
                    output = event['output']
                    if not event['success']:
                        raise ValueError(output['error'])
                    return output['data']
        raise AssertionError('the page did not answer')

    def read(self, *paths: Path) -> str:
        """Let the page read pictures; return its notes."""
        *_, notes = self.call('read', self.upload(*paths), None)
        return notes

    def labels(self, threshold: float) -> str:
        """Return the labels of the picture chosen, as HTML."""
        _, labels, _ = self.call('show', None, None, threshold, False)
        return labels


def test_one_picture(server: Any, scene: Callable[..., Path]) -> None:
    visitor = Visitor(server, 'one')
    assert visitor.read(scene()) == ''
    many, few = visitor.labels(0.05), visitor.labels(0.6)
    assert 'scene.png' in many
    assert many.count('<tr class="label') > few.count('<tr class="label')


def test_bomb_gets_an_error_and_the_server_lives(
    server: Any, bomb: Path, scene: Callable[..., Path]
) -> None:
    visitor = Visitor(server, 'bomb')
    before = psutil.Process(server.process.pid).memory_info().rss
    notes = visitor.read(bomb, scene())
    assert 'bomb.png has more than 0.25 megapixels.' in notes
    assert psutil.Process(server.process.pid).memory_info().rss < before + 500e6
    assert 'scene.png' in visitor.labels(0.05)


def test_what_is_no_picture_is_named(
    server: Any, tmp_path: Path, scene: Callable[..., Path]
) -> None:
    text = tmp_path / 'text <b>.png'
    text.write_text('no picture')
    half = tmp_path / 'half.png'
    half.write_bytes(scene().read_bytes()[:2000])
    visitor = Visitor(server, 'no picture')
    notes = visitor.read(text, half)
    assert 'text &lt;b&gt;.png is no picture in JPEG' in notes
    assert 'half.png is damaged' in notes
    assert 'No picture yet' in visitor.labels(0.05)


def test_file_over_the_limit(server: Any) -> None:
    files = {'files': ('large.png', bytes(server.max_bytes + 1))}
    answer = httpx.post(f'{server.url}/gradio_api/upload', files=files, timeout=60)
    assert answer.status_code == 413
    files = {'files': ('small.png', bytes(server.max_bytes))}
    answer = httpx.post(f'{server.url}/gradio_api/upload', files=files, timeout=60)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ('path', 'headers', 'status'),
    [
        ('/gradio_api/upload', {'Content-Length': str(10**12)}, 413),
        ('/gradio_api/queue/join', {'Content-Length': '1000001'}, 413),
        ('/gradio_api/upload', {'Transfer-Encoding': 'chunked'}, 411),
        ('/gradio_api/process_recording', {'Content-Length': '10'}, 404),
    ],
)
def test_refused_before_the_body_is_read(
    server: Any, path: str, headers: dict[str, str], status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.putrequest('POST', path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()  # and nothing after them
    assert connection.getresponse().status == status
    connection.close()


def test_too_many_pictures(server: Any, scene: Callable[..., Path]) -> None:
    visitor = Visitor(server, 'many')
    picture = scene()
    copies = [shutil.copy(picture, picture.with_name(f'{i}.png')) for i in range(21)]
    notes = visitor.read(*copies)
    assert 'Only the first 20 of 21 pictures' in notes


def test_visitors_do_not_see_each_other(
    server: Any, scene: Callable[..., Path]
) -> None:
    first, second = Visitor(server, 'first'), Visitor(server, 'second')
    first.read(scene('mine.png'))
    assert 'No picture yet' in second.labels(0.05)
    second.read(scene('yours.png', seed=1))
    assert 'mine.png' in first.labels(0.05)
    assert 'yours.png' in second.labels(0.05)


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('http://example.com/picture.png', 'Send the file itself'),
        ('https://example.com/picture.png', 'Send the file itself'),
        ('/etc/hostname', 'not uploaded by a user'),
    ],
)
def test_only_uploads_are_read(server: Any, path: str, message: str) -> None:
    visitor = Visitor(server, 'curious')
    file = {'path': path, 'meta': {'_type': 'gradio.FileData'}}
    with pytest.raises(ValueError, match=message):
        visitor.call('read', [file], None)


def test_files_of_the_machine_are_out_of_reach(server: Any) -> None:
    for path in ('/etc/hostname', str(server.errors), __file__):
        answer = httpx.get(f'{server.url}/gradio_api/file={path}', timeout=60)
        assert answer.status_code in (403, 404)


def test_listens_on_this_machine_only(server: Any) -> None:
    connections = psutil.Process(server.process.pid).net_connections()
    listening = [c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN]
    assert listening == ['127.0.0.1']


@pytest.fixture
def untouched_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what the command sets for its process."""
    for name in ('GRADIO_TEMP_DIR', 'GRADIO_ANALYTICS_ENABLED'):
        monkeypatch.setenv(name, '')
    monkeypatch.setattr('signal.signal', lambda *_: None)
    monkeypatch.setattr(sys, 'path', list(sys.path))


def test_port_in_use(
    untouched_process: None, refused: Callable, tmp_path: Path
) -> None:
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
        line = refused(APP, tmp_path / 'no.py', tmp_path / 'no.pth', '--port', port)
    assert f'cannot listen on 127.0.0.1, port {port}: Address already in use' in line


@pytest.mark.parametrize('device', ['toaster', 'cuda:999'])
def test_missing_device(
    untouched_process: None,
    refused: Callable,
    tmp_path: Path,
    free_port: int,
    device: str,
) -> None:
    options = ('--port', free_port, '--device', device)
    line = refused(APP, tmp_path / 'no.py', tmp_path / 'no.pth', *options)
    assert f'device {device} cannot be used' in line


def test_missing_checkpoint(
    untouched_process: None,
    refused: Callable,
    tiny_config: Path,
    tmp_path: Path,
    free_port: int,
) -> None:
    line = refused(APP, tiny_config, tmp_path / 'no.pth', '--port', free_port)
    assert 'no.pth' in line


@pytest.mark.parametrize(
    'option',
    [('--port', '0'), ('--port', 'x'), ('--max-mb', '0'), ('--max-megapixels', 'nan')],
)
def test_wrong_numbers(
    refused: Callable, tmp_path: Path, option: tuple[str, str]
) -> None:
    assert option[0] in refused(APP, tmp_path, tmp_path, *option)


def test_other_sites_are_refused(server: Any) -> None:
    """A page elsewhere, or a name elsewhere that leads to this machine."""
    name = urlsplit(server.url).netloc
    for headers, status in [
        ({}, 200),
        ({'Origin': f'http://{name}'}, 200),
        ({'Host': name.replace('127.0.0.1', 'localhost')}, 200),
        ({'Host': 'elsewhere.example'}, 403),
        ({'Host': '[::1'}, 403),
        ({'Origin': 'http://elsewhere.example'}, 403),
        ({'Origin': 'null'}, 403),
    ]:
        assert httpx.get(server.url, headers=headers).status_code == status, headers
