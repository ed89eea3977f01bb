"""Processes, and threads, that want to write the same file."""

import errno
import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from mmscanet.errors import OutputError
from mmscanet.lock import only_process


def is_locked(path: Path) -> bool:
    with path.open('a') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_who_waited_holds_a_lock_that_others_see(tmp_path):
    """The first one's file is gone by then; a lock on it would keep nobody out."""
    target, lock = tmp_path / 'table.csv', tmp_path / '.table.csv.lock'
    waits, inside, leave = Event(), Event(), Event()

    def second() -> None:
        with only_process(target, when_waiting=waits.set):
            inside.set()
            assert leave.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with only_process(target):
            assert is_locked(lock)
            call = pool.submit(second)
            assert waits.wait(10)
            assert not inside.is_set()
        assert inside.wait(10)
        try:
            assert is_locked(lock)
        finally:
            leave.set()
        call.result()
    assert not list(tmp_path.iterdir())


def test_a_link_is_the_file_that_it_leads_to(tmp_path):
    (tmp_path / 'below').mkdir()
    link = tmp_path / 'below' / 'link'
    link.symlink_to(tmp_path / 'a')
    with only_process(link):
        assert is_locked(tmp_path / '.a.lock')


def test_a_failure_lets_go(tmp_path):
    with pytest.raises(ZeroDivisionError), only_process(tmp_path / 'a'):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_who_will_not_wait_leaves_the_lock_alone(tmp_path):
    def refuse() -> None:
        raise ZeroDivisionError

    target, lock = tmp_path / 'a', tmp_path / '.a.lock'
    with only_process(target):
        with pytest.raises(ZeroDivisionError), only_process(target, refuse):
            pass
        assert is_locked(lock)
    assert not list(tmp_path.iterdir())


def test_a_file_system_may_have_no_locks(tmp_path, monkeypatch):
    def lack(*_: object) -> None:
        raise OSError(errno.ENOSYS, 'Function not implemented')

    monkeypatch.setattr(fcntl, 'flock', lack)
    with only_process(tmp_path / 'a'):
        (tmp_path / 'a').touch()
    assert [path.name for path in tmp_path.iterdir()] == ['a']


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with (
        pytest.raises(OutputError, match='cannot write .*nowhere/.a.lock'),
        only_process(tmp_path / 'nowhere/a'),
    ):
        pass
