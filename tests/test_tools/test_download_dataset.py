"""The download tool against a small local server that can misbehave."""

import hashlib
import importlib.util
import io
import stat
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer

import pytest

PATH = Path(__file__).parents[2] / 'tools/misc/download_dataset.py'
spec = importlib.util.spec_from_file_location('download_dataset', PATH)
tool = importlib.util.module_from_spec(spec)
sys.modules['download_dataset'] = tool  # dataclasses look their module up
spec.loader.exec_module(tool)


class Handler(BaseHTTPRequestHandler):
    """Serves ``server.files``; records ranges; breaks off as ``server`` says."""

    def do_GET(self):
        server = self.server
        asked = self.headers.get('Range')
        server.requests.append(asked)
        data = server.files.get(self.path)
        if data is None or server.status:
            return self.send_error(server.status or 404)
        start = 0
        if asked and server.ranges:
            start = int(asked.removeprefix('bytes=').removesuffix('-'))
            if start >= len(data):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(data)}')
                self.send_header('Content-Length', '0')
                return self.end_headers()
            self.send_response(206)
            span = f'bytes {start}-{len(data) - 1}/{len(data)}'
            self.send_header('Content-Range', span)
        else:
            self.send_response(200)
        body = data[start:]
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if server.break_offs > 0:
            server.break_offs -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    # Not http.server's own class: it would ask DNS for the machine's name.
    httpd = ThreadingTCPServer(('127.0.0.1', 0), Handler)
    httpd.files, httpd.requests = {}, []
    httpd.ranges, httpd.break_offs, httpd.status = True, 0, None
    httpd.url = f'http://127.0.0.1:{httpd.server_address[1]}'
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as file:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, tuple):
                member.type, member.linkname = content
                file.addfile(member)
            else:
                member.size = len(content)
                file.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as file:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            if isinstance(content, tuple):
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                content = content[1].encode()
            file.writestr(info, content)
    return buffer.getvalue()


FILES = {'set/a.txt': b'a' * 5000, 'set/deep/b.txt': bytes(range(256)) * 20}


def serve(server, name='set.tar', data=None, creates='set/a.txt'):
    data = tar_of(FILES) if data is None else data
    server.files[f'/{name}'] = data
    md5 = hashlib.md5(data).hexdigest()
    return tool.Archive(f'{server.url}/{name}', md5, 'there', creates)


def prepare(archive, save_dir, **kwargs):
    tool.prepare(archive, save_dir, pause_s=0, **kwargs)


def unpacked(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and not path.name.endswith('.unpacked')
    }


@pytest.mark.parametrize('make', [tar_of, zip_of])
def test_fetch_verify_unpack(server, tmp_path, make):
    prepare(serve(server, data=make(FILES)), tmp_path / 'data')
    assert unpacked(tmp_path / 'data/there') == FILES
    assert server.requests == [None]
    assert not list((tmp_path / 'data').rglob('.unpacking*'))
    assert not list((tmp_path / 'data').rglob('*.part'))


def test_second_run_does_nothing(server, tmp_path, capsys):
    archive = serve(server)
    prepare(archive, tmp_path, delete=True)
    assert not (tmp_path / 'set.tar').exists()
    prepare(archive, tmp_path, delete=True)
    assert 'already verified and unpacked' in capsys.readouterr().out
    assert len(server.requests) == 1
    # Data that were removed by hand are fetched again.
    (tmp_path / 'there/set/a.txt').unlink()
    prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES


def test_archive_brought_by_hand_is_used(server, tmp_path):
    archive = serve(server)
    (tmp_path / 'set.tar').write_bytes(server.files['/set.tar'])
    prepare(archive, tmp_path)
    assert server.requests == [] and unpacked(tmp_path / 'there') == FILES


def test_two_archives_share_a_folder(server, tmp_path):
    prepare(serve(server), tmp_path)
    more = {'set/c.txt': b'c', 'set/deep/d.txt': b'd'}
    prepare(serve(server, 'more.zip', zip_of(more), 'set/c.txt'), tmp_path)
    assert unpacked(tmp_path / 'there') == {**FILES, **more}


def test_no_extract(server, tmp_path):
    prepare(serve(server), tmp_path, extract=False)
    assert [path.name for path in tmp_path.iterdir()] == ['set.tar']


@pytest.mark.parametrize('ranges', [True, False])
def test_resume(server, tmp_path, ranges):
    archive = serve(server)
    data = server.files['/set.tar']
    server.ranges = ranges
    (tmp_path / 'set.tar.part').write_bytes(data[:4000])
    prepare(archive, tmp_path)
    assert server.requests == ['bytes=4000-']
    assert (tmp_path / 'set.tar').read_bytes() == data


def test_part_that_is_whole_already(server, tmp_path):
    archive = serve(server)
    (tmp_path / 'set.tar.part').write_bytes(server.files['/set.tar'])
    prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES
    assert len(server.requests) == 1


def test_part_longer_than_the_source_starts_anew(server, tmp_path):
    archive = serve(server)
    (tmp_path / 'set.tar.part').write_bytes(server.files['/set.tar'] + b'more')
    prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES
    assert len(server.requests) == 2 and server.requests[1] is None


def test_connection_that_breaks_off_goes_on(server, tmp_path):
    archive = serve(server)
    server.break_offs = 2
    prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES
    size = len(server.files['/set.tar'])
    assert server.requests == [None, f'bytes={size // 2}-', f'bytes={size * 3 // 4}-']


def test_tries_are_counted_anew_while_data_arrive(server, tmp_path):
    archive = serve(server)
    server.break_offs = 6
    prepare(archive, tmp_path, retries=1)
    assert unpacked(tmp_path / 'there') == FILES
    assert len(server.requests) == 7


def test_break_off_for_good_keeps_what_arrived(server, tmp_path):
    archive = serve(server)
    server.break_offs = 99
    with pytest.raises(tool.DownloadError, match='ended at .* run the command again'):
        prepare(archive, tmp_path, retries=0)
    assert len(server.requests) == 1
    part = (tmp_path / 'set.tar.part').read_bytes()
    size = len(server.files['/set.tar'])
    assert part == server.files['/set.tar'][: size // 2]
    assert not (tmp_path / 'there').exists()


def test_wrong_checksum(server, tmp_path):
    archive = serve(server)
    good = server.files['/set.tar']
    server.files['/set.tar'] = good[:-1] + b'!'
    with pytest.raises(tool.DownloadError, match=f'MD5 is .* should be {archive.md5}'):
        prepare(archive, tmp_path)
    assert not (tmp_path / 'there').exists()
    # The next run fetches it anew and does not trust the broken one.
    server.files['/set.tar'] = good
    prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES


def test_a_folder_of_this_machine_is_a_mirror(server, tmp_path):
    archive = serve(server)
    mirror = tmp_path / 'mi rror'
    mirror.mkdir()
    (mirror / 'set.tar').write_bytes(server.files.pop('/set.tar'))
    options = tool.parse_args(['voc2007', '--url-base', str(mirror)])
    prepare(archive, tmp_path, url_base=options.url_base)
    assert unpacked(tmp_path / 'there') == FILES


@pytest.mark.parametrize(('status', 'tries'), [(404, 1), (403, 1), (503, 3)])
def test_server_errors(server, tmp_path, status, tries):
    archive = serve(server)
    server.status = status
    with pytest.raises(tool.DownloadError, match=f'{status}.*by other means, put it'):
        prepare(archive, tmp_path, retries=2)
    assert len(server.requests) == tries


def test_unreachable_server(server, tmp_path):
    archive = tool.Archive('http://127.0.0.1:1/set.tar', '0' * 32, '', 'set')
    with pytest.raises(tool.DownloadError, match=r'cannot be fetched.*--url-base'):
        prepare(archive, tmp_path, retries=1)


def test_mirror(server, tmp_path):
    archive = serve(server)
    official = tool.Archive(
        'http://127.0.0.1:1/official/set.tar', archive.md5, 'there', archive.creates
    )
    prepare(official, tmp_path, url_base=server.url + '/')
    assert unpacked(tmp_path / 'there') == FILES


@pytest.mark.parametrize('make', [tar_of, zip_of])
@pytest.mark.parametrize(
    'evil',
    [
        {'../evil.txt': b'!'},
        {'set/../../evil.txt': b'!'},
        {'/tmp/evil-mmscanet.txt': b'!'},
        {'..\\evil.txt': b'!'},
        {'set/link': (tarfile.SYMTYPE, '../..')},
        {'set/link': (tarfile.SYMTYPE, '/etc'), 'set/link/evil.txt': b'!'},
    ],
)
def test_unsafe_archive_leaves_nothing(server, tmp_path, make, evil):
    data = make({**FILES, **evil})
    with pytest.raises(tool.DownloadError, match='is not unpacked: its member'):
        prepare(serve(server, data=data), tmp_path / 'data')
    assert [path.name for path in tmp_path.iterdir()] == ['data']
    assert list((tmp_path / 'data/there').iterdir()) == []
    assert not Path('/tmp/evil-mmscanet.txt').exists()


@pytest.mark.parametrize('kind', [tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_hard_links_and_devices_are_refused(server, tmp_path, kind):
    data = tar_of({**FILES, 'set/x': (kind, 'set/a.txt')})
    with pytest.raises(tool.DownloadError, match="'set/x' is a link or a device"):
        prepare(serve(server, data=data), tmp_path)


def test_file_that_is_no_archive(server, tmp_path):
    with pytest.raises(tool.DownloadError, match=r'set\.tar cannot be unpacked'):
        prepare(serve(server, data=b'<html>sorry</html>'), tmp_path)


def test_command_line(server, tmp_path, monkeypatch, capsys):
    archive = serve(server)
    monkeypatch.setitem(tool.DATASETS, 'voc2007', (archive,))
    tool.main(['voc2007', '--save-dir', str(tmp_path), '--only', 'set.tar'])
    assert unpacked(tmp_path / 'there') == FILES
    with pytest.raises(SystemExit, match='no archive x.zip; there are'):
        tool.main(['voc2007', '--only', 'x.zip'])
    server.files.clear()
    with pytest.raises(SystemExit, match='error: .*404'):
        tool.main(['voc2007', '--save-dir', str(tmp_path / 'other')])


def test_layout_is_what_the_configs_read():
    targets = {
        str(Path(archive.target, archive.creates))
        for archives in tool.DATASETS.values()
        for archive in archives
    }
    assert targets == {
        'coco/annotations/instances_val2017.json',
        'coco/train2017',
        'coco/val2017',
        'VOCdevkit/VOC2007/ImageSets/Main/trainval.txt',
        'VOCdevkit/VOC2007/ImageSets/Main/test.txt',
    }
