"""One cycle over one source: its files, its page, what left it, and whether it went silent."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import httpx
import structlog
from sqlalchemy import Connection, select

from monitor import incidents
from monitor.fetching import Entry, enter, schedule
from monitor.poller import rows
from monitor.poller.fetches import fetch_source, request_of
from monitor.poller.files import fail, read_files, report
from monitor.poller.leases import LEASE
from monitor.poller.lookups import SOON, look_up
from monitor.poller.results import Reading, combine, of_intake
from monitor.poller.session import Session
from monitor.record.http.errors import reason
from monitor.record.settings import Source
from monitor.record.store.schema import sources as sources_table
from monitor.record.values import Notice, Outcome, Page
from monitor.saved.drop import DropError

_PATIENCE = 2 * LEASE  # for another process that reads the same source
_HEARTBEAT = timedelta(seconds=10)

log = structlog.get_logger(__name__)


async def run_cycle(session: Session, source: Source, *, fetches: bool = True) -> Reading:
    """Read a source's new files, then its page if `fetches`, then ask about what left it.

    Raises nothing but StoreError: whatever ails the source is in the reading.
    """
    entry: list[Entry] = []

    def come_in(connection: Connection) -> None:
        entry.append(enter(connection, session.asker, request_of(source)))

    # Its host's turn is taken with the lease where the page is asked for at once.
    at_once = come_in if fetches and source.url and not source.path else None
    async with session.leases.hold(source.id, _PATIENCE, at_once) as mine:
        if not mine:
            message = f"Another process has been reading {source.id} for 2 minutes; it goes on there."
            return Reading(source.id, Outcome.FAILING, message)
        files = await _files(session, source)
        first = entry[-1] if entry else None
        fetched = await fetch_source(session, source, mine, first) if fetches and source.url else None
        if fetches and not source.url:
            await _mark_polled(session, source)
    if fetched:
        report(fetched)
    answers: list[Reading] = []
    if mine.waiting or source.path or (fetched and fetched.left):
        answers = await look_up(session, [source], until=session.clock.now() + SOON)
    # A source that was well before, has been looked at before, and is well again has nothing to be told of.
    if files or fetched is None or not fetched.fresh or not mine.is_well or mine.last_polled_at is None:
        await watch(session, [source])
    return combine(source.id, files, fetched, answers)


async def take_given(session: Session, source: Source, page: Page) -> Reading:
    """Take in a page that somebody hands over, in place of a source's files and site."""
    async with session.leases.hold(source.id, _PATIENCE):
        reading = of_intake(source.id, await session.take(source, page))
    report(reading, file=page.origin)
    answers = await look_up(session, [source], until=session.clock.now() + SOON)
    return combine(source.id, [reading], answers=answers)


async def _files(session: Session, source: Source) -> list[Reading]:
    if not source.path:
        return []
    try:
        readings = await read_files(session, source, patient=True)
    except DropError as error:
        why = f"{error}."
    else:
        if readings or source.url or not session.drops[source.id].is_missing:
            return readings
        where = session.drops[source.id].path
        why = f"There is no file {where}, nor a folder; a folder's name with / at its end is made."
    failed = await fail(session, source, why)
    report(failed)
    return [failed]


async def _mark_polled(session: Session, source: Source) -> None:
    now = session.clock.now()
    due = schedule.next_poll(now, source.every, session.poller.dice())
    await asyncio.to_thread(rows.polled, session.store, source.id, now, due)


async def watch(session: Session, sources: Iterable[Source]) -> None:
    """Tell operators of sources that went silent, and remind them of captures that are held back."""
    for source in sources:
        await session.tell(await asyncio.to_thread(_watch, session, source))


def _watch(session: Session, source: Source) -> tuple[Notice, ...]:
    now = session.clock.now()
    with session.store.write() as connection:
        stale = incidents.check_stale(connection, source, now)
        return stale + incidents.remind_held(connection, source.id, now)


async def heartbeat(session: Session) -> None:
    """Tell whoever watches over us that a cycle went well and no source is in trouble."""
    url = session.poller.heartbeat_url
    if not url or await asyncio.to_thread(_in_trouble, session):
        return
    try:
        async with asyncio.timeout(_HEARTBEAT.total_seconds()):
            answer = await session.asker.client.get(url)
        if answer.status_code >= 400:
            log.warning("the heartbeat was not accepted", status=answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        log.warning("the heartbeat could not be sent", reason=reason(error))


def _in_trouble(session: Session) -> bool:
    configured = [source.id for source in session.settings.sources]
    query = select(sources_table.c.id).where(sources_table.c.id.in_(configured), sources_table.c.failures > 0)
    with session.store.read() as connection:
        return connection.execute(query).first() is not None
