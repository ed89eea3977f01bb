"""Fetching against a server that breaks off, ignores ranges or has another file."""

import random
from pathlib import Path
from socketserver import ThreadingTCPServer

import pytest

from mmscanet.errors import OutputError, UsageError
from mmscanet.zoo.fetch import fetch

CONTENT = random.Random(0).randbytes(600_000)


@pytest.fixture(autouse=True)
def content(server: ThreadingTCPServer) -> None:
    server.content = CONTENT


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / 'tiny.pth.part'


@pytest.mark.parametrize('says_length', [True, False])
def test_whole(server: ThreadingTCPServer, part: Path, says_length: bool) -> None:
    server.says_length = says_length
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert server.asked == [None]
    fetch(server.url, part, len(CONTENT))
    assert server.asked == [None]  # it is there


@pytest.mark.parametrize('says_length', [True, False])
def test_server_that_dies_is_asked_for_the_rest(
    server: ThreadingTCPServer,
    part: Path,
    says_length: bool,
    pauses: list[float],
    capsys: pytest.CaptureFixture,
) -> None:
    server.says_length, server.dies_after = says_length, [200_000, 0, 300_000]
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    ranges = ['bytes=200000-', 'bytes=200000-', 'bytes=500000-']
    assert server.asked == [None, *ranges]
    assert pauses == [1, 2, 1]  # counted anew when more has arrived
    err = capsys.readouterr().err
    assert 'ended at byte 200,000 of 600,000; try 1 of 3 in 1 s' in err
    assert '%|' not in err  # no bar: stderr is no terminal here


def test_server_that_is_dead_leaves_what_had_arrived(
    server: ThreadingTCPServer, part: Path, pauses: list[float]
) -> None:
    server.dies_after = [200_000, *[0] * 4]
    with pytest.raises(UsageError, match='the same command goes on from byte 200,000'):
        fetch(server.url, part, len(CONTENT))
    assert pauses == [1, 2, 4]
    assert part.read_bytes() == CONTENT[:200_000]
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert server.asked[-1] == 'bytes=200000-'


def test_server_that_knows_no_ranges_starts_over(
    server: ThreadingTCPServer, part: Path
) -> None:
    server.ranges, server.dies_after = False, [200_000, 100_000]
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert server.asked == [None, 'bytes=200000-', 'bytes=100000-']


def test_more_than_the_whole_is_begun_again(
    server: ThreadingTCPServer, part: Path
) -> None:
    part.write_bytes(CONTENT + b'!')
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert server.asked == [None]


def test_source_that_is_shorter_than_what_had_arrived(
    server: ThreadingTCPServer, part: Path
) -> None:
    part.write_bytes(CONTENT[:500_000])
    server.content = CONTENT[:400_000]
    with pytest.raises(UsageError, match='400,000 bytes, not the 600,000 announced'):
        fetch(server.url, part, len(CONTENT))
    assert server.asked == ['bytes=500000-', None]  # the first one: 416
    server.content = CONTENT
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT


def test_other_range_than_asked_for_is_not_used(
    server: ThreadingTCPServer, part: Path
) -> None:
    part.write_bytes(CONTENT[:1000])
    server.shift = 7
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT
    assert server.asked == ['bytes=1000-', None]


@pytest.mark.parametrize('length', [599_999, 600_001])
@pytest.mark.parametrize('have', [0, 1000])
def test_other_size_is_told_before_it_is_fetched(
    server: ThreadingTCPServer, part: Path, length: int, have: int
) -> None:
    server.content = (CONTENT + b'!')[:length]
    part.write_bytes(CONTENT[:have])
    message = f'has {length:,} bytes, not the 600,000 announced'
    with pytest.raises(UsageError, match=message):
        fetch(server.url, part, len(CONTENT))
    assert len(server.asked) == 1
    assert part.stat().st_size == have


def test_source_without_end_is_cut_off(server: ThreadingTCPServer, part: Path) -> None:
    server.content, server.says_length = CONTENT * 9, False
    with pytest.raises(UsageError, match='has more than the 600,000 bytes announced'):
        fetch(server.url, part, len(CONTENT))
    assert not part.exists()


@pytest.mark.parametrize(
    ('status', 'tries'), [(404, 1), (403, 1), (429, 4), (500, 4), (503, 4)]
)
def test_refusals_are_told_and_only_passing_ones_tried_again(
    server: ThreadingTCPServer, part: Path, status: int, tries: int
) -> None:
    server.statuses = [status] * tries
    with pytest.raises(UsageError, match=f'cannot fetch {server.url}.* {status} '):
        fetch(server.url, part, len(CONTENT))
    assert len(server.asked) == tries
    server.statuses = [503]
    fetch(server.url, part, len(CONTENT))
    assert part.read_bytes() == CONTENT


def test_unreachable(
    server: ThreadingTCPServer, part: Path, pauses: list[float]
) -> None:
    server.server_close()
    with pytest.raises(UsageError, match='cannot fetch http.*Connection refused'):
        fetch(server.url, part, len(CONTENT))
    assert pauses == [1, 2, 4]


@pytest.mark.parametrize(
    ('url', 'message'),
    [
        ('file:///none/x.pth', 'No such file'),
        ('odd://host/x.pth', 'unknown url type: odd'),
        ('http://[x/', 'Invalid IPv6 URL'),
        ('http://127.0.0.1/a b', "can't contain control characters"),
    ],
)
def test_what_cannot_be_an_address_is_tried_once(
    part: Path, url: str, message: str, pauses: list[float]
) -> None:
    with pytest.raises(UsageError, match=f'cannot fetch .*{message}'):
        fetch(url, part, 1)
    assert pauses == []


def test_full_disk(server: ThreadingTCPServer, part: Path) -> None:
    if not Path('/dev/full').exists():
        pytest.skip('the system has no /dev/full')
    part.symlink_to('/dev/full')
    with pytest.raises(OutputError, match='cannot write .*part: No space left'):
        fetch(server.url, part, len(CONTENT))
    assert len(server.asked) == 1


def test_bar_where_there_is_a_terminal(
    server: ThreadingTCPServer,
    part: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('sys.stderr.isatty', lambda: True)
    fetch(server.url, part, len(CONTENT))
    captured = capsys.readouterr()
    assert 'tiny.pth: 100%' in captured.err
    assert captured.out == ''
    part.unlink()
    fetch(server.url, part, len(CONTENT), progress=False)
    assert capsys.readouterr().err == ''
