"""The poller that goes on, on the machine's own clock."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from monitor.fetching.hosts import claim as claim_turn
from monitor.poller import run
from monitor.poller.cycle import run_if_due
from monitor.poller.leases import claim
from monitor.poller.session import open_session
from monitor.record.clock import Clock
from monitor.record.store.schema import coverage, drops, hosts, outbox, sources
from monitor.record.store.store import Store
from tests.fakes.pages import export
from tests.fakes.site import Answer
from tests.monitor.poller.world import CHANGED, FIVE, PATH, World, in_world, piers

DEADLINE = 60.0
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


async def _until(condition: Callable[[], Any], seconds: float = DEADLINE) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        await asyncio.sleep(0.05)


def running(
    store: Store, base: Path, check: Callable[[World], Awaitable[None]], *given: dict[str, Any], **more: Any
) -> None:
    """Run a check while the poller runs; it must stop promptly when it is told to."""

    async def body(world: World) -> None:
        stop = asyncio.Event()
        poller = world.make_poller(clock=Clock())
        task = asyncio.create_task(run(poller, stop))
        try:
            await check(world)
        finally:
            told = time.monotonic()
            stop.set()
            await task
        assert time.monotonic() - told < 30  # the longest of its turns is a minute apart

    in_world(store, base, body, *given, **more)


def _count(world: World, path: str = PATH) -> int:
    return world.site.paths().count(path)


def test_a_source_is_read_each_time_that_it_is_due(store: Store, tmp_path: Path) -> None:
    """And its change is put in line."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        await _until(lambda: _count(world) >= 2)
        world.serve(CHANGED, stamp=YESTERDAY + timedelta(hours=2))
        await _until(lambda: world.line.jobs)
        assert len(world.all(outbox)) == 1

    running(store, tmp_path, check, piers(every="1s"))


def test_a_source_that_is_not_due_is_left_alone(store: Store, tmp_path: Path) -> None:
    """A restart asks for nothing that was asked for an hour ago."""

    async def check(world: World) -> None:
        await asyncio.sleep(0.5)
        assert world.site.asked == []

    now = datetime.now(UTC)
    claim(store, "piers", "x", now - timedelta(hours=1))
    with store.write() as connection:
        connection.execute(update(sources).values(last_polled_at=now, next_poll_at=now + timedelta(hours=12)))
    running(store, tmp_path, check, piers())


def test_a_new_file_is_read_within_seconds_whatever_the_schedule(store: Store, tmp_path: Path) -> None:
    """Also while the host makes its source wait."""

    async def check(world: World) -> None:
        await _until(lambda: _count(world, "/robots.txt") == 1)
        world.clock.moment = datetime.now(UTC)
        world.drop("a.csv", export(FIVE, YESTERDAY), age=timedelta(0))
        await _until(lambda: world.all(drops))
        assert _count(world) == 0

    running(store, tmp_path, check, piers(path="drop/"), http={"min_interval": "300s"})


def test_a_host_that_refuses_is_left_alone_by_every_source(store: Store, tmp_path: Path) -> None:
    """Until the time that stands with the host."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(403, headers={"Retry-After": "3600"}))
        await _until(lambda: world.all(hosts) and world.all(hosts)[0].refused_until)
        await asyncio.sleep(1.5)
        assert _count(world) <= 2  # both may have been on their way

    running(store, tmp_path, check, piers(every="1s"), piers(id="lamps", every="1s"))


def test_another_pollers_source_is_taken_over_when_its_lease_lapses(store: Store, tmp_path: Path) -> None:
    """Not before."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        await _until(lambda: _count(world))
        assert datetime.now(UTC) >= lapses

    started = datetime.now(UTC)
    claim(store, "piers", "killed", started - timedelta(seconds=57))
    lapses = started + timedelta(seconds=3)
    running(store, tmp_path, check, piers())


def test_a_source_is_not_held_while_its_host_makes_it_wait(store: Store, tmp_path: Path) -> None:
    """Whoever reads its folder, here or in another process, need not wait with it."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        await asyncio.sleep(1)
        assert world.site.asked == []
        assert not [row for row in world.all(sources) if row.lease_until]

    async def paced(world: World) -> None:
        claim_turn(store, world.site.host, timedelta(minutes=5), datetime.now(UTC))
        stop = asyncio.Event()
        task = asyncio.create_task(run(world.make_poller(clock=Clock()), stop))
        await check(world)
        stop.set()
        await task

    in_world(store, tmp_path, paced, piers())


def test_a_source_read_meanwhile_by_another_is_not_read_again(store: Store, tmp_path: Path) -> None:
    """What was due at the look may no longer be when the lease is ours."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        async with open_session(world.make_poller(clock=Clock())) as session:
            (source,) = session.settings.sources
            await run_if_due(session, source)
            await run_if_due(session, source)
        assert _count(world) == 1

    in_world(store, tmp_path, check, piers())


def test_two_pollers_read_a_source_once(store: Store, tmp_path: Path) -> None:
    """They share it by its lease and its next time."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        stop = asyncio.Event()
        second = asyncio.create_task(run(world.make_poller(clock=Clock()), stop))
        await _until(lambda: world.all(coverage))
        await asyncio.sleep(1.5)
        stop.set()
        await second
        assert _count(world) == 1

    running(store, tmp_path, check, piers())


def test_a_store_that_fails_for_a_while_ends_nothing(store: Store, tmp_path: Path) -> None:
    """The poller goes on when it is back."""

    async def check(world: World) -> None:
        world.serve(FIVE, stamp=YESTERDAY)
        await _until(lambda: _count(world) >= 1)
        with store.write() as connection:
            connection.exec_driver_sql("ALTER TABLE hosts RENAME TO hosts_away")
        await asyncio.sleep(1.2)
        before = _count(world)
        with store.write() as connection:
            connection.exec_driver_sql("ALTER TABLE hosts_away RENAME TO hosts")
        await _until(lambda: _count(world) > before)

    running(store, tmp_path, check, piers(every="1s"))


_SCRIPT = """
import sys
from pathlib import Path
from monitor.poller import Poller, run
from monitor.record.settings import Settings
from monitor.record.store.store import Store
from recwatch.runtime.stopping import serve_until_stopped, stop_signals
url, store = sys.argv[1:]
http = {"allow_private_networks": True, "min_interval": "0s", "contact": "a@b.c", "timeout": "300s"}
sources = [{"id": "piers", "format": "gao-csv", "url": url, "every": "1s"}]
poller = Poller(Store(store), Settings(http=http, sources=sources), Path("."))
with stop_signals() as stop:
    serve_until_stopped(stop, lambda event: run(poller, event))
"""


def _start(world: World) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _SCRIPT, world.site.url(PATH), world.store.url.render_as_string()]
    return subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.DEVNULL)


def test_sigterm_ends_it_promptly_even_while_a_site_is_silent(store: Store, tmp_path: Path) -> None:
    """With status 0: it was asked to."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(200, b"", wait=300))
        process = _start(world)
        await _until(lambda: _count(world))
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, DEADLINE) == 0

    in_world(store, tmp_path, check)


def test_a_terminal_that_is_closed_ends_it_as_a_stop_does(store: Store, tmp_path: Path) -> None:
    """With status 0, and with no lease left behind that the next one would wait for."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(200, b"", wait=300))
        process = _start(world)
        await _until(lambda: _count(world))
        process.send_signal(signal.SIGHUP)
        assert await asyncio.to_thread(process.wait, DEADLINE) == 0
        assert world.source().lease_holder is None

    in_world(store, tmp_path, check)


def test_a_poller_killed_at_any_time_leaves_what_the_next_one_goes_on_with(
    store: Store, tmp_path: Path
) -> None:
    """Each change becomes one event, however often the poller dies in between."""

    async def check(world: World) -> None:
        for round_number in range(6):
            said = f"The Bureau has replaced {round_number + 1} lamps on pier 1."
            page = [FIVE[0].but(narrative=said), *FIVE[1:]]
            world.serve(page, stamp=YESTERDAY + timedelta(hours=2 * round_number))
            process = _start(world)
            asked = _count(world)
            await _until(lambda asked=asked: _count(world) > asked)
            await asyncio.sleep(0.02 * round_number)
            os.kill(process.pid, signal.SIGKILL)
            await asyncio.to_thread(process.wait)
            _free(store)
        process = _start(world)
        await _until(lambda: _narrative(world) == said)
        process.kill()
        await asyncio.to_thread(process.wait)
        assert len(_numbers(world)) == len(set(_numbers(world)))

    in_world(store, tmp_path, check)


def _free(store: Store) -> None:
    """Half a minute of waiting for the killed one's lease is another test's matter."""
    with store.write() as connection:
        connection.execute(update(sources).values(lease_until=None, next_poll_at=None))


def _narrative(world: World) -> str | None:
    from monitor.record.store.schema import recommendations

    with world.store.read() as connection:
        query = select(recommendations.c.narrative).where(recommendations.c.narrative.contains("replaced"))
        return connection.execute(query).scalar()


def _numbers(world: World) -> list[tuple[int, int]]:
    from monitor.record.store.schema import events

    return [(row.recommendation_id, row.revision) for row in world.all(events)]
