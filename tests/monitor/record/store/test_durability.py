"""Which commits wait for the disk, and which transactions for each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from monitor.record.store.store import Store, StoreBusy

_WAITS, _SPARES = 2, 1  # FULL and NORMAL, as SQLite counts them


def test_what_people_are_told_of_waits_for_the_disk_and_a_lease_does_not(store: Store) -> None:
    """A power failure loses no change that was told; leases and turns are found out again."""
    seen = []
    for light in (False, True, False, True, True, False):
        with store.write(light=light) as connection:
            seen.append(connection.execute(text("PRAGMA synchronous")).scalar_one())
    assert seen == [_WAITS, _SPARES, _WAITS, _SPARES, _SPARES, _WAITS]


def test_who_does_not_wait_says_so_and_the_next_one_waits(store: Store) -> None:
    """A busy store is no broken one, and patience is each transaction's own."""
    with store.write(wait=False):
        pass
    with store.write(), pytest.raises(StoreBusy), store.write(wait=False):
        raise AssertionError("two writers at once")
    with ThreadPoolExecutor(1) as threads:
        with store.write():
            waiting = threads.submit(_write, store)
            assert not wait([waiting], timeout=0.1).done
        waiting.result(60)


def _write(store: Store) -> None:
    with store.write():
        pass


def _rows(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM meta WHERE key = 'a'")).scalar_one())


def _fail_after_writing(connection: Connection) -> None:
    connection.execute(text("INSERT INTO meta (key, value) VALUES ('a', 'b')"))
    raise ZeroDivisionError


def test_a_connection_that_is_kept_keeps_nothing_of_what_failed_on_it(store: Store) -> None:
    """What was done before an error is undone, and the next one who does not wait finds all as it was."""
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), store.write(wait=False) as connection:
            _fail_after_writing(connection)
        with store.write(wait=False) as connection:
            assert _rows(connection) == 0
            kept = connection
    with store.write(wait=False) as connection:
        assert connection is kept
        connection.execute(text("INSERT INTO meta (key, value) VALUES ('a', 'b')"))
    with store.read() as connection:
        assert _rows(connection) == 1


class _Overtaken(list[Connection]):
    """The spare connections: whoever only looks at them is overtaken before acting on what was seen."""

    overtake: Callable[[], None] = staticmethod(lambda: None)

    def __len__(self) -> int:
        seen = super().__len__()
        self.overtake()
        return seen

    def __getitem__(self, at: Any) -> Any:
        seen = super().__getitem__(at)
        self.overtake()
        return seen


def test_two_threads_never_share_the_kept_connection(store: Store) -> None:
    """It is taken in one step: a transaction inside another thread's would be committed or undone with it."""
    with store.write(wait=False):
        pass
    spare = store._spare = _Overtaken(store._spare)
    taken: list[Connection] = []
    with ExitStack() as held, ThreadPoolExecutor(1) as threads:

        def take() -> None:
            taken.append(held.enter_context(store._kept()))

        def overtake() -> None:
            spare.overtake = staticmethod(lambda: None)
            threads.submit(take).result(60)

        spare.overtake = staticmethod(overtake)
        take()
        if len(taken) == 1:  # it did not look: nobody could come between
            spare.overtake = staticmethod(lambda: None)
            threads.submit(take).result(60)
        assert taken[0] is not taken[1]


def test_a_store_that_is_closed_lets_its_file_go(store: Store) -> None:
    """The kept connection, too: a home that was left can be moved, with nothing of it open."""
    with store.write(wait=False):
        pass
    file = str(store.url.database)
    assert _holds(file)
    store.close()
    assert not _holds(file)


def _holds(file: str) -> bool:
    """Whether this process has a file open."""
    opened = Path("/proc/self/fd")
    if not opened.is_dir():
        pytest.skip("open files: no /proc on this machine")
    return any(link.is_symlink() and str(link.readlink()).startswith(file) for link in opened.iterdir())
