"""A whole cycle over a folder, killed before each statement that it sends to the store, and two at once."""

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from monitor.poller import CycleResult, Poller, poll_once
from monitor.record.settings import Settings, Source
from monitor.record.store.schema import drops, events, outbox, revisions
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes import pages
from tests.fakes.clock import NOON, StillClock
from tests.fakes.pages import Row, rows

SOURCE = Source(id="export", format="gao-csv", path="drop/", confirm_closures=False)  # type: ignore[arg-type]
BEFORE = pages.export([*rows(8), Row()])
AFTER = pages.export([*rows(7), rows(8)[7].but(narrative="It is done."), Row(), Row(number="2")])
EXPECTED = [("recommendation.opened", 1), ("recommendation.updated", 2)]
MOST = 200  # statements of a cycle: far fewer


def drop(base: Path, name: str, body: bytes, at: datetime) -> None:
    """Save a page into the folder."""
    path = base / "drop" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (at.timestamp(), at.timestamp()))


def cycle(
    url: str, base: Path, at: datetime, watch: Callable[[Store], None] = lambda _: None
) -> list[CycleResult]:
    """One cycle, in a store of its own."""
    with open_store(url) as store:
        watch(store)
        return asyncio.run(poll_once(Poller(store, Settings(sources=[SOURCE]), base, clock=StillClock(at))))


def killed_before(url: str, base: Path, at: datetime, number: int) -> bool:
    """Run a cycle in a process that dies before so many statements; whether it lived to its end."""

    def die_in_time(store: Store) -> None:
        sent = iter(range(1, MOST))

        @sqlalchemy_event.listens_for(store.engine, "before_cursor_execute")
        def count(*_: object) -> None:
            if next(sent) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    process = get_context("fork").Process(target=cycle, args=(url, base, at, die_in_time))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


def written(url: str) -> tuple[list[tuple[str, int]], int, int]:
    """The events' types and revisions, the outbox's rows, and the newest revision."""
    with open_store(url) as store, store.read() as connection:
        found = connection.execute(select(events.c.type, events.c.revision).order_by(events.c.type))
        told = [(row[0], row[1]) for row in found]
        boxes = connection.scalar(select(func.count()).select_from(outbox))
        return told, boxes or 0, connection.scalar(select(func.max(revisions.c.number))) or 0


def test_a_cycle_killed_before_any_statement_makes_each_event_once(store_url: str, tmp_path: Path) -> None:
    """All of it is there or nothing, wherever it was killed; run on, each event is there once."""
    drop(tmp_path, "before.csv", BEFORE, NOON - timedelta(hours=2))
    assert cycle(store_url, tmp_path, NOON)[0].outcome == "baseline"
    drop(tmp_path, "after.csv", AFTER, NOON - timedelta(hours=1))
    kills, step = 0, 1 if store_url.startswith("sqlite") else 3  # a server's connection takes longer
    for number in range(1, MOST, step):
        # A lease that a dead poller held has run out an hour later.
        if killed_before(store_url, tmp_path, NOON + timedelta(hours=number), number):
            break
        kills += 1
        assert written(store_url) in (([], 0, 1), (EXPECTED, 1, 2))
    assert kills * step > 20
    assert written(store_url) == (EXPECTED, 1, 2)
    last = cycle(store_url, tmp_path, NOON + timedelta(days=30))
    assert [reading.events for reading in last] == [()]
    assert written(store_url) == (EXPECTED, 1, 2)


def test_cycles_at_the_same_moment_make_each_event_once(store_url: str, tmp_path: Path) -> None:
    """Four pollers over one folder: one reads it, and whoever comes after finds it done."""
    drop(tmp_path, "before.csv", BEFORE, NOON - timedelta(hours=2))
    cycle(store_url, tmp_path, NOON)
    drop(tmp_path, "after.csv", AFTER, NOON - timedelta(hours=1))
    with ThreadPoolExecutor(4) as pool:
        cycles = list(pool.map(lambda _: cycle(store_url, tmp_path, NOON + timedelta(hours=1)), range(4)))
    assert sorted(len(reading.events) for readings in cycles for reading in readings) == [0, 0, 0, 2]
    assert written(store_url) == (EXPECTED, 1, 2)
    with open_store(store_url) as store, store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(drops)) == 2
