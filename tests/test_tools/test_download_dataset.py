"""The download tool, from a mirror in a folder; broken connections: test_fetch.py."""

import hashlib
import importlib.util
import io
import stat
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from mmscanet.errors import DataError, OutputError, UsageError

PATH = Path(__file__).parents[2] / 'tools/misc/download_dataset.py'
spec = importlib.util.spec_from_file_location('download_dataset', PATH)
tool = importlib.util.module_from_spec(spec)
sys.modules['download_dataset'] = tool  # dataclasses look their module up
spec.loader.exec_module(tool)


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / 'mi rror'
    folder.mkdir()
    return folder


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


def serve(mirror, name='set.tar', data=None, creates='set/a.txt'):
    """Put an archive there; it is called what the tool has to be told of it."""
    data = tar_of(FILES) if data is None else data
    (mirror / name).write_bytes(data)
    md5 = hashlib.md5(data).hexdigest()
    url = (mirror / name).as_uri()
    return tool.Archive(url, len(data), md5, 'there', creates)


def unpacked(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file() and not path.name.endswith('.unpacked')
    }


@pytest.mark.parametrize('make', [tar_of, zip_of])
def test_fetch_verify_unpack(mirror, tmp_path, make):
    tool.prepare(serve(mirror, data=make(FILES)), tmp_path / 'data')
    assert unpacked(tmp_path / 'data/there') == FILES
    assert not list((tmp_path / 'data').rglob('.unpacking*'))
    assert not list((tmp_path / 'data').rglob('*.part'))


def test_second_run_does_nothing(mirror, tmp_path, capsys):
    archive = serve(mirror)
    tool.prepare(archive, tmp_path, delete=True)
    assert not (tmp_path / 'set.tar').exists()
    source = (mirror / 'set.tar').rename(mirror / 'away')
    tool.prepare(archive, tmp_path, delete=True)
    assert 'already verified and unpacked' in capsys.readouterr().out
    # Data that were removed by hand are fetched again.
    source.rename(mirror / 'set.tar')
    (tmp_path / 'there/set/a.txt').unlink()
    tool.prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES


def test_archive_brought_by_hand_is_used(mirror, tmp_path):
    archive = serve(mirror)
    (mirror / 'set.tar').rename(tmp_path / 'set.tar')
    tool.prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES


def test_two_archives_share_a_folder(mirror, tmp_path):
    tool.prepare(serve(mirror), tmp_path)
    more = {'set/c.txt': b'c', 'set/deep/d.txt': b'd'}
    tool.prepare(serve(mirror, 'more.zip', zip_of(more), 'set/c.txt'), tmp_path)
    assert unpacked(tmp_path / 'there') == {**FILES, **more}


def test_no_extract(mirror, tmp_path):
    tool.prepare(serve(mirror), tmp_path / 'data', extract=False)
    assert [path.name for path in (tmp_path / 'data').iterdir()] == ['set.tar']


def test_what_had_arrived_is_kept_and_told(mirror, tmp_path):
    archive = serve(mirror)
    (mirror / 'set.tar').unlink()
    part = tmp_path / 'set.tar.part'
    part.write_bytes(b'4 by')
    with pytest.raises(UsageError) as caught:
        tool.prepare(archive, tmp_path)
    line = str(caught.value)
    assert 'goes on from byte 4 of' in line
    assert f'fetch {archive.url} by other means, put it at {tmp_path}' in line
    assert part.read_bytes() == b'4 by'


def test_wrong_checksum(mirror, tmp_path):
    archive = serve(mirror)
    good = (mirror / 'set.tar').read_bytes()
    (mirror / 'set.tar').write_bytes(good[:-1] + b'!')
    with pytest.raises(DataError, match=f'MD5 is .* should be {archive.md5}'):
        tool.prepare(archive, tmp_path)
    assert not (tmp_path / 'there').exists()
    # The next run fetches it anew and does not trust the broken one.
    (mirror / 'set.tar').write_bytes(good)
    tool.prepare(archive, tmp_path)
    assert unpacked(tmp_path / 'there') == FILES


@pytest.mark.parametrize('length', [-1, 1])
def test_wrong_size(mirror, tmp_path, length):
    archive = serve(mirror)
    data = (mirror / 'set.tar').read_bytes()
    (mirror / 'set.tar').write_bytes(data[:-1] if length < 0 else data + b'!')
    message = f'has {len(data) + length:,} bytes, not the {len(data):,} announced'
    with pytest.raises(UsageError, match=f'{message}.*--url-base'):
        tool.prepare(archive, tmp_path)


def test_a_source_that_cannot_be_read(tmp_path):
    archive = tool.Archive('no-such://here/set.tar', 9, '0' * 32, '', 'set')
    with pytest.raises(UsageError, match=r'cannot fetch no-such.*--url-base'):
        tool.prepare(archive, tmp_path)


@pytest.mark.parametrize('as_url', [False, True])
def test_mirror(mirror, tmp_path, as_url):
    archive = serve(mirror)
    official = tool.Archive(
        'no-such://official/set.tar', archive.size, archive.md5, 'there', 'set/a.txt'
    )
    place = mirror.as_uri() + '/' if as_url else str(mirror)
    options = tool.parse_args(['voc2007', '--url-base', place])
    tool.prepare(official, tmp_path, url_base=options.url_base)
    assert unpacked(tmp_path / 'there') == FILES


@pytest.mark.parametrize('name', ['set.tar', 'there'])
def test_what_is_in_the_way_is_named(mirror, tmp_path, name):
    archive = serve(mirror)
    if name == 'there':
        (tmp_path / name).write_text('a file')
    else:
        (tmp_path / name).mkdir()
    with pytest.raises(OutputError, match=f'cannot write .*{name}: '):
        tool.prepare(archive, tmp_path)


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
def test_unsafe_archive_leaves_nothing(mirror, tmp_path, make, evil):
    data = make({**FILES, **evil})
    with pytest.raises(DataError, match='is not unpacked: its member'):
        tool.prepare(serve(mirror, data=data), tmp_path / 'data')
    assert {path.name for path in tmp_path.iterdir()} == {'data', mirror.name}
    assert list((tmp_path / 'data/there').iterdir()) == []
    assert not Path('/tmp/evil-mmscanet.txt').exists()


@pytest.mark.parametrize('kind', [tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_hard_links_and_devices_are_refused(mirror, tmp_path, kind):
    data = tar_of({**FILES, 'set/x': (kind, 'set/a.txt')})
    with pytest.raises(DataError, match="'set/x' is a link or a device"):
        tool.prepare(serve(mirror, data=data), tmp_path)


def test_file_that_is_no_archive(mirror, tmp_path):
    with pytest.raises(DataError, match=r'set\.tar cannot be unpacked'):
        tool.prepare(serve(mirror, data=b'<html>sorry</html>'), tmp_path)


def test_command_line(mirror, tmp_path, monkeypatch, capsys):
    archive = serve(mirror)
    monkeypatch.setitem(tool.DATASETS, 'voc2007', (archive,))
    tool.main(['voc2007', '--save-dir', str(tmp_path), '--only', 'set.tar'])
    assert unpacked(tmp_path / 'there') == FILES
    (mirror / 'set.tar').unlink()
    for arguments, line in (
        (['--only', 'x.zip'], 'error: no archive x.zip; there are set.tar\n'),
        (['--save-dir', str(tmp_path / 'other')], 'error: cannot fetch file:'),
    ):
        with pytest.raises(SystemExit) as caught:
            tool.main(['voc2007', *arguments])
        assert caught.value.code == 2
        err = capsys.readouterr().err
        assert line in err and err.count('error: ') == 1


def test_an_archive_that_cannot_be_read_ends_in_one_line(
    mirror, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(tool.DATASETS, 'voc2007', (serve(mirror),))

    def unreadable(path):
        raise PermissionError(13, 'Permission denied', str(path))

    monkeypatch.setattr(tool, 'md5_of', unreadable)
    with pytest.raises(SystemExit) as caught:
        tool.main(['voc2007', '--save-dir', str(tmp_path)])
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith('error: ') and line.endswith("set.tar'")


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
