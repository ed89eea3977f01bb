"""A published checkpoint comes whole, checked and once, or not at all."""

import io
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socketserver import ThreadingTCPServer

import pytest
import torch

from mmscanet.errors import OutputError, UsageError
from mmscanet.zoo import download, download_checkpoint, find_model
from mmscanet.zoo.cache import cache_dir, file_name

Publish = Callable[..., Path]


def saved(content: object) -> bytes:
    """Return the file that torch makes of ``content``."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.fixture(scope='module')
def weights() -> bytes:
    return saved(dict(state_dict=dict(a=torch.arange(50_000.0))))


@pytest.fixture
def served(server: ThreadingTCPServer, publish: Publish, weights: bytes) -> None:
    """Publish ``weights`` on the server."""
    server.content = weights
    publish(weights, server.url)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.usefixtures('served')
def test_second_time_needs_no_network(
    server: ThreadingTCPServer, weights: bytes, tmp_path: Path
) -> None:
    model = find_model('tiny')
    path = download_checkpoint(model)
    assert path == tmp_path / 'cache' / f'tiny-{model.sha256[:8]}.pth'
    assert path.read_bytes() == weights
    assert names(path.parent) == [path.name]  # no part, no lock
    server.server_close()
    assert download_checkpoint(model) == path
    # Nor does another folder.
    copy = download_checkpoint(model, tmp_path / 'other')
    assert copy == tmp_path / 'other' / path.name
    assert copy.read_bytes() == weights
    assert len(server.asked) == 1


@pytest.mark.usefixtures('served')
def test_damaged_file_in_the_cache_is_replaced(
    server: ThreadingTCPServer, weights: bytes, capsys: pytest.CaptureFixture
) -> None:
    path = download_checkpoint(find_model('tiny'))
    path.write_bytes(weights[:-1] + b'!')
    assert download_checkpoint(find_model('tiny')) == path
    assert path.read_bytes() == weights
    assert f'{path} is damaged: fetching it again' in capsys.readouterr().err


@pytest.mark.usefixtures('served')
def test_server_that_dies_and_comes_back(
    server: ThreadingTCPServer, weights: bytes
) -> None:
    server.dies_after = [90_000, *[0] * 4]
    with pytest.raises(UsageError, match='the same command goes on from byte 90,000'):
        download_checkpoint(find_model('tiny'))
    assert not (cache_dir() / file_name(find_model('tiny'))).exists()
    path = download_checkpoint(find_model('tiny'))
    assert path.read_bytes() == weights
    assert server.asked[-1] == 'bytes=90000-'
    assert names(path.parent) == [path.name]


@pytest.mark.usefixtures('served')
def test_wrong_content_is_deleted_and_told(
    server: ThreadingTCPServer, weights: bytes
) -> None:
    server.content = weights[:-1] + b'!'
    with pytest.raises(UsageError, match='is not the published .*its SHA256 is'):
        download_checkpoint(find_model('tiny'))
    assert not list(cache_dir().glob('*.pth')) + list(cache_dir().glob('*.part'))
    assert len(server.asked) == 1
    server.content = weights
    assert download_checkpoint(find_model('tiny')).read_bytes() == weights


@pytest.mark.usefixtures('served')
def test_beginning_of_another_file_is_not_glued(
    server: ThreadingTCPServer, weights: bytes, capsys: pytest.CaptureFixture
) -> None:
    """The source had another file when the beginning was fetched."""
    server.content, server.dies_after = bytes(len(weights)), [90_000, *[0] * 4]
    with pytest.raises(UsageError, match='goes on from byte 90,000'):
        download_checkpoint(find_model('tiny'))
    server.content = weights
    path = download_checkpoint(find_model('tiny'))
    assert path.read_bytes() == weights
    assert server.asked[-2:] == ['bytes=90000-', None]
    assert 'does not fit: starting anew' in capsys.readouterr().err


@pytest.mark.usefixtures('served')
def test_many_at_once_fetch_it_once(
    server: ThreadingTCPServer, weights: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server answers only when another one is known to wait.
    server.gate.clear()
    told = []
    monkeypatch.setattr(
        download, 'tell', lambda text: (told.append(text), server.gate.set())
    )
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(download_checkpoint, find_model('tiny')) for _ in '123']
        (path,) = {call.result() for call in calls}
    assert path.read_bytes() == weights
    assert server.asked == [None]
    assert f'another process is fetching {path.name}: waiting for it' in told
    assert names(path.parent) == [path.name]


def test_code_in_a_checkpoint_does_not_run(
    server: ThreadingTCPServer, publish: Publish, tmp_path: Path
) -> None:
    class Code:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / 'ran'),)

    server.content = saved(dict(state_dict=dict(a=Code())))
    publish(server.content, server.url)
    with pytest.raises(UsageError, match=r'holds more than weights \(posix.mkdir\)'):
        download_checkpoint(find_model('tiny'))
    assert not (tmp_path / 'ran').exists()
    assert not list(cache_dir().glob('*.pth')) + list(cache_dir().glob('*.part'))
    # The file does what it is feared for.
    torch.load(io.BytesIO(server.content), weights_only=False)
    assert (tmp_path / 'ran').exists()


def test_shipped_file_is_used_where_it_is(
    publish: Publish, weights: bytes, tmp_path: Path
) -> None:
    path = publish(weights)
    assert download_checkpoint(find_model('tiny')) == path
    assert not cache_dir().exists()
    copy = download_checkpoint(find_model('tiny'), tmp_path / 'other')
    assert copy.parent == tmp_path / 'other'
    assert copy.read_bytes() == weights
    path.write_bytes(weights[:-1] + b'!')
    with pytest.raises(UsageError, match=r'checkpoints/tiny.pth is not the published'):
        download_checkpoint(find_model('tiny'))
    assert path.exists()  # no file of the repository is touched


def test_shipped_file_that_is_missing(
    publish: Publish, weights: bytes, tmp_path: Path
) -> None:
    path = publish(weights, shipped=False)
    with pytest.raises(UsageError, match=f'{path} is missing: .*clone of the repos'):
        download_checkpoint(find_model('tiny'))
    brought = tmp_path / 'brought by hand.pth'
    brought.write_bytes(weights)
    cached = download_checkpoint(find_model('tiny'), source=str(brought))
    assert cached.parent == cache_dir()
    assert brought.exists()
    assert download_checkpoint(find_model('tiny')) == cached


def test_file_url(publish: Publish, weights: bytes, tmp_path: Path) -> None:
    share = tmp_path / 'share'
    share.write_bytes(weights)
    publish(weights, share.as_uri())
    path = download_checkpoint(find_model('tiny'))
    assert path.parent == cache_dir()
    assert path.read_bytes() == weights


def test_a_source_that_is_named_is_the_one_that_is_read(
    publish: Publish, weights: bytes, tmp_path: Path
) -> None:
    publish(weights)
    other = tmp_path / 'other.pth'
    other.write_bytes(b'no checkpoint')
    with pytest.raises(UsageError, match='other.pth has 13 bytes'):
        download_checkpoint(find_model('tiny'), tmp_path / 'there', str(other))


@pytest.mark.usefixtures('served')
def test_another_source(
    server: ThreadingTCPServer, publish: Publish, weights: bytes, tmp_path: Path
) -> None:
    publish(weights, 'http://127.0.0.1:1/gone.pth')
    with pytest.raises(UsageError, match='cannot fetch http://127.0.0.1:1/gone.pth'):
        download_checkpoint(find_model('tiny'))
    with pytest.raises(UsageError, match='cannot fetch file:.*none.pth: No such file'):
        download_checkpoint(find_model('tiny'), source=str(tmp_path / 'none.pth'))
    path = download_checkpoint(find_model('tiny'), source=server.url)
    assert path.read_bytes() == weights


def test_nothing_is_published(publish: Publish, weights: bytes) -> None:
    publish(weights)
    with pytest.raises(UsageError, match='no checkpoint is published for bare yet'):
        download_checkpoint(find_model('bare'))


@pytest.mark.usefixtures('served')
def test_folder_that_cannot_be_written(
    server: ThreadingTCPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'file').touch()
    monkeypatch.setenv('MMSCANET_CACHE', str(tmp_path / 'file'))
    with pytest.raises(OutputError, match=f'cannot write to {tmp_path}/file'):
        download_checkpoint(find_model('tiny'))
    assert server.asked == []


def test_cache_is_beside_torchs_own_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('MMSCANET_CACHE', raising=False)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    assert cache_dir() == tmp_path / 'hub/checkpoints/mmscanet'
    monkeypatch.setenv('MMSCANET_CACHE', '~/zoo')
    assert cache_dir() == Path.home() / 'zoo'
