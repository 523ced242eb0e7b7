"""Several pollers share the sources."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from monitor.intake import PollColumns, source_rows
from monitor.poller.leases import LEASE, Leases, SourceRow, claim, release, renew
from monitor.record.store.schema import sources
from monitor.record.store.store import Store
from tests.fakes.clock import NOON, StillClock


def _holder(store: Store) -> str | None:
    with store.read() as connection:
        return connection.execute(select(sources.c.lease_holder)).scalar()


def _until(store: Store) -> datetime | None:
    with store.read() as connection:
        return connection.execute(select(sources.c.lease_until)).scalar()


def test_one_of_many_gets_the_lease(any_store: Store) -> None:
    """By one update, from any process."""
    with ThreadPoolExecutor(8) as threads:
        won = [
            bool(one)
            for one in threads.map(lambda n: claim(any_store, "piers", f"poller_{n}", NOON), range(16))
        ]
    assert won.count(True) == 1


def test_a_lease_that_lapsed_is_anothers(store: Store) -> None:
    """Its holder was killed: nobody waits longer than a minute."""
    assert claim(store, "piers", "killed", NOON)
    assert not claim(store, "piers", "alive", NOON + LEASE - timedelta(seconds=1))
    assert claim(store, "piers", "alive", NOON + LEASE)


def test_a_lease_is_given_back_only_by_its_holder(store: Store) -> None:
    """One that came too late must not free what another has taken over."""
    claim(store, "piers", "alive", NOON)
    release(store, "piers", "killed")
    assert _holder(store) == "alive"
    release(store, "piers", "alive")
    assert _holder(store) is None


def test_a_lease_from_a_clock_that_ran_ahead_is_void(store: Store) -> None:
    """It would hold the source for years."""
    claim(store, "piers", "ahead", NOON + timedelta(days=400))
    assert claim(store, "piers", "alive", NOON)


def test_tasks_of_one_process_share_a_lease_until_the_last_leaves(store: Store) -> None:
    """A folder is read while a page is being fetched."""

    async def check() -> None:
        leases = Leases(store, "us", StillClock())
        async with leases.hold("piers") as first:
            async with leases.hold("piers") as second:
                assert first
                assert second
            assert _holder(store) == "us"
        assert _holder(store) is None

    asyncio.run(check())


def test_a_lease_is_renewed_while_the_work_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a host makes its asker wait."""
    monkeypatch.setattr("monitor.poller.leases._RENEWED", 0.02)

    async def check() -> None:
        clock = StillClock()
        async with Leases(store, "us", clock).hold("piers"):
            later = clock.forward(seconds=59)
            give_up = time.monotonic() + 60
            while _until(store) != later + LEASE:
                assert time.monotonic() < give_up
                await asyncio.sleep(0.01)

    asyncio.run(check())


def test_a_cancelled_task_gives_its_lease_back(store: Store) -> None:
    """A poller that was stopped is followed at once."""

    async def check() -> None:
        leases = Leases(store, "us", StillClock())

        async def work() -> None:
            async with leases.hold("piers"):
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        while _holder(store) is None:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert _holder(store) is None

    asyncio.run(check())


@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_a_task_cancelled_while_it_claims_gives_its_lease_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The thread that claims cannot be stopped; what it gets after all would be nobody's for a minute."""
    begun, goes_on = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> SourceRow | None:
        begun.set()
        assert goes_on.wait(60)
        return claim(*arguments)

    monkeypatch.setattr("monitor.poller.leases.claim", slow)

    async def check() -> None:
        async def work() -> None:
            async with Leases(store, "us", StillClock()).hold("piers"):
                await asyncio.sleep(60)

        with store.write():  # so that the claim has to wait, in a thread
            task = asyncio.create_task(work())
            assert await asyncio.to_thread(begun.wait, 60)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(check())  # which waits for its threads
    assert _holder(store) is None


def test_a_claim_that_has_to_wait_stops_nobody_else(store: Store) -> None:
    """Another writer may take seconds; the poller's other tasks go on meanwhile."""

    async def check() -> None:
        async def work() -> bool:
            async with Leases(store, "us", StillClock()).hold("piers") as mine:
                return mine is not None

        with store.write():
            task = asyncio.create_task(work())
            done, _ = await asyncio.wait([task], timeout=0.1)
            assert not done
        assert await task

    asyncio.run(check())


def test_a_renewal_takes_nothing(any_store: Store) -> None:
    """One that comes after the lease was given back, or was taken over, leaves it as it is."""
    claim(any_store, "piers", "us", NOON)
    release(any_store, "piers", "us")
    renew(any_store, "piers", "us", NOON)
    assert _holder(any_store) is None
    claim(any_store, "piers", "them", NOON)
    renew(any_store, "piers", "us", NOON + timedelta(hours=1))
    assert (_holder(any_store), _until(any_store)) == ("them", NOON + LEASE)


def _commit_as(store: Store, holder: str | None) -> None:
    """Commit a capture's columns with the end of a lease."""
    columns = PollColumns(NOON, NOON + timedelta(hours=12), ends_lease_of=holder)
    with store.write() as connection:
        source_rows.write_row(connection, "piers", {}, columns)


def test_a_lease_ends_with_the_capture(any_store: Store) -> None:
    """Nothing is left to give back: whoever claimed it since keeps it."""

    async def check() -> None:
        async with Leases(any_store, "us", StillClock()).hold("piers") as lease:
            assert lease
            _commit_as(any_store, lease.end_with_commit())
            lease.has_ended()
            assert _holder(any_store) is None
            assert claim(any_store, "piers", "us", NOON)  # as by our follower, which has our name
        assert _holder(any_store) == "us"

    asyncio.run(check())


def test_a_capture_ends_nobody_elses_lease(any_store: Store) -> None:
    """One that took too long finds its lease taken over, and leaves it."""
    assert claim(any_store, "piers", "them", NOON)
    _commit_as(any_store, "us")
    assert (_holder(any_store), _until(any_store)) == ("them", NOON + LEASE)
    _commit_as(any_store, None)
    assert (_holder(any_store), _until(any_store)) == ("them", NOON + LEASE)


def test_a_lease_that_two_tasks_share_does_not_end_with_a_capture(store: Store) -> None:
    """The other one still works under it."""

    async def check() -> None:
        leases = Leases(store, "us", StillClock())
        async with leases.hold("piers") as one, leases.hold("piers") as other:
            assert one
            assert other
            assert one.end_with_commit() is None
            one.has_ended()
        assert _holder(store) is None

    asyncio.run(check())


def test_a_lease_that_should_have_ended_and_did_not_is_given_back(store: Store) -> None:
    """The capture's transaction failed: the next poller waits for nobody."""

    async def check() -> None:
        async with Leases(store, "us", StillClock()).hold("piers") as lease:
            assert lease
            assert lease.end_with_commit() == "us"
        assert _holder(store) is None

    asyncio.run(check())


def test_a_task_that_comes_while_a_lease_ends_takes_one_of_its_own(store: Store) -> None:
    """The commit would take it away from under it."""

    async def check() -> None:
        leases, held = Leases(store, "us", StillClock()), asyncio.Event()

        async def late() -> None:
            async with leases.hold("piers"):
                held.set()
                assert _holder(store) == "us"

        async with leases.hold("piers") as lease:
            assert lease
            holder = lease.end_with_commit()
            task = asyncio.create_task(late())
            await asyncio.sleep(0)
            assert not held.is_set()
            _commit_as(store, holder)
            lease.has_ended()
        await asyncio.wait_for(task, 60)
        assert held.is_set()

    asyncio.run(check())
