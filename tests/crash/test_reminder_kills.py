"""Reminders whose maker is killed, or made by two at once: each is told once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from monitor.record.settings import Reminders
from monitor.record.store.schema import events, outbox, promises
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.crash.killing import SIDES, die_at, die_at_commit, killed
from tests.workers.schedule.test_reminders import JUNE, START, stands, told
from tests.workers.seeding import count, rows
from workers.schedule import reminders, revision_reading
from workers.schedule.reminders import remind

BOTH = Reminders(overdue=True, stalled_after="30d")
POINTS = ["record_request", "read_revisions", "_settle", "_write_events", "_make"]
COMMITS = ["_write_promises", "_write_clocks", "_write_events"]  # called inside the transactions that matter


@pytest.fixture
def url(store_url: str) -> str:
    """A migrated store's address; no connection of it is open, so a fork inherits none."""
    open_store(store_url).close()
    return store_url


def seeded(url: str) -> None:
    with Store(url) as store:
        for number in (1, 2, 3):
            stands(store, number)
        remind(store, BOTH, START)
        stands(store, 4)  # which the clock has not read yet


@pytest.mark.parametrize("point", POINTS)
def test_whoever_makes_reminders_may_be_killed_anywhere(url: str, point: str) -> None:
    """Wherever it is killed, the next one makes each reminder once, its outbox row with it."""
    seeded(url)

    def work() -> None:
        die_at(reminders, point, "after")
        with Store(url) as store:
            remind(store, BOTH, JUNE)

    killed(work)
    with Store(url) as store:
        assert count(store, events) == (8 if point == "_make" else 0)
        assert count(store, outbox) == (1 if point == "_make" else 0)
        remind(store, BOTH, JUNE)
        assert sorted(told(store)) == [("overdue", "2026-05")] * 4 + [("stalled", "2026-03-03")] * 4
        assert count(store, outbox) == 1


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("point", COMMITS)
def test_on_either_side_of_a_commit_each_is_made_once(url: str, point: str, side: str) -> None:
    """What was read and not committed is read again; what was told and committed is not told again."""
    seeded(url)

    def work() -> None:
        module = reminders if hasattr(reminders, point) else revision_reading
        die_at_commit(module, point, side)
        with Store(url) as store:
            remind(store, BOTH, JUNE)

    killed(work)
    with Store(url) as store:
        told_already = point == "_write_events" and side == "after"
        assert count(store, events) == count(store, outbox) * 8 == (8 if told_already else 0)
        remind(store, BOTH, JUNE)
        assert sorted(told(store)) == [("overdue", "2026-05")] * 4 + [("stalled", "2026-03-03")] * 4
        assert count(store, outbox) == 1


def test_of_two_dispatchers_one_makes_each_reminder(url: str) -> None:
    """Both see the same dates lapse; each event is stored once, and neither fails."""
    seeded(url)
    barrier, failed = Barrier(4), []

    def look() -> None:
        with Store(url) as store:
            barrier.wait()
            for minute in range(3):
                try:
                    remind(store, BOTH, JUNE + minute * timedelta(minutes=1))
                except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
                    failed.append(error)

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Store(url) as store:
        assert failed == []
        assert len(told(store)) == 8
        assert {row["settled"] for row in rows(store, promises)} == {"told"}
