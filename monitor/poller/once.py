"""One cycle, then the end: `poll --once` and `once`."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from monitor.fetching import hosts, schedule, sites
from monitor.formats import stamp_of
from monitor.poller import rows
from monitor.poller.cycle import heartbeat, run_cycle, take_given
from monitor.poller.lookups import expire
from monitor.poller.results import CycleResult
from monitor.poller.session import Poller, Session, open_session
from monitor.record.bodies import Body
from monitor.record.settings import Source
from monitor.record.values import Page

_HOSTS = 4  # asked at the same time: each holds one page at most


async def poll_once(
    poller: Poller, ids: Sequence[str] = (), *, given: Page | None = None, due_only: bool = False
) -> list[CycleResult]:
    """Read the named sources (all, if none is named) once, in the configuration's order.

    Schedule and back-off are ignored unless `due_only`: then of a source that is not due only the new files
    are read, and the look-ups made. The pace of hosts is kept in any case. `given`: this page instead, for
    the one source named. KeyError: a name is no source's. StoreError: the store cannot be used.
    """
    chosen = _chosen(poller, ids)
    async with open_session(poller) as session:
        await asyncio.to_thread(expire, session.store, session.clock.now())
        if given is not None:
            return [await take_given(session, chosen[0], given)]
        readings = await _cycles(session, chosen, due_only=due_only)
        await session.say_covered()
        if not any(reading.failed for reading in readings):
            await heartbeat(session)
        await asyncio.to_thread(_chores, session)
    return readings


def page_of(body: Body, name: str, written: datetime) -> Page:
    """Make a page of bytes handed over: captured when its own stamp says, else when it was `written`."""
    page = Page(body, name, written)
    stamp = stamp_of(body)
    return Page(body, name, stamp) if stamp and stamp <= written else page


def due_at(session: Session, source: Source) -> datetime:
    """When a source is due, its host's back-off included."""
    row, now = rows.load(session.store, source.id), session.clock.now()
    due = schedule.due_at(row and row.next_poll_at, row and row.last_polled_at, source.every, now)
    if not source.url:
        return due
    until = hosts.held_back_until(hosts.load(session.store, sites.host_of(source.url)), now)
    return max(due, until) if until else due


def _chosen(poller: Poller, ids: Sequence[str]) -> list[Source]:
    known = {source.id: source for source in poller.settings.sources}
    for name in ids:
        if name not in known:
            raise KeyError(f'there is no source "{name}"; known: {", ".join(known) or "none"}')
    return [source for source in known.values() if not ids or source.id in ids]


async def _cycles(session: Session, chosen: Sequence[Source], *, due_only: bool) -> list[CycleResult]:
    """Read sources, those of one host in turn and a few hosts at once; in the order given."""
    by_host: dict[str, list[Source]] = defaultdict(list)
    for source in chosen:
        by_host[sites.host_of(source.url) if source.url else ""].append(source)
    found: dict[str, CycleResult] = {}
    few = asyncio.Semaphore(_HOSTS)

    async def read(mine: list[Source]) -> None:
        async with few:
            for source in mine:
                found[source.id] = await _cycle(session, source, due_only=due_only)

    tasks = [asyncio.create_task(read(mine)) for mine in by_host.values()]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found[source.id] for source in chosen]


async def _cycle(session: Session, source: Source, *, due_only: bool) -> CycleResult:
    due = not due_only or await asyncio.to_thread(due_at, session, source) <= session.clock.now()
    return await run_cycle(session, source, fetches=due)


def _chores(session: Session) -> None:
    for chore in session.poller.chores:
        chore(session.store, session.settings, session.clock.now())
