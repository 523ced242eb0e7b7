"""Which commits wait for the disk, and which transactions for each other."""

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import text

from monitor.record.store import Store, StoreBusy

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
        waiting.result(10)


def _write(store: Store) -> None:
    with store.write():
        pass
