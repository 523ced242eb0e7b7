"""One cycle over one source: its files, its page, what left it, and whether it went silent.

Here alone the lease of a source is held.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import httpx
import structlog
from sqlalchemy import Connection, select

from monitor import incidents
from monitor.fetching import HostTurn, schedule, take_host_turn
from monitor.intake import IntakeOptions, PollColumns
from monitor.poller import rows
from monitor.poller.fetches import fetch_source, request_of
from monitor.poller.files import fail, read_files, report
from monitor.poller.leases import LEASE, Lease, SourceRow
from monitor.poller.lookups import SOON, look_up
from monitor.poller.results import CycleResult, combine, of_intake
from monitor.poller.session import Session
from monitor.record.http.errors import reason
from monitor.record.settings import Source
from monitor.record.store.schema import sources as sources_table
from monitor.record.store.undelivered import stuck_since
from monitor.record.values import Notice, Outcome, Page
from monitor.saved.drop import DropError

_PATIENCE = 2 * LEASE  # for another process that reads the same source
_HEARTBEAT = timedelta(seconds=10)

log = structlog.get_logger(__name__)


async def run_cycle(session: Session, source: Source, *, fetches: bool = True) -> CycleResult:
    """Read a source's new files, then its page if `fetches`, then ask about what left it.

    Raises nothing but StoreError: whatever ails the source is in the result.
    """
    result = await _run(session, source, fetches=fetches, if_due=False)
    if result is None:
        message = f"Another process has been reading {source.id} for 2 minutes; it goes on there."
        return CycleResult(source.id, Outcome.FAILING, message)
    return result


async def run_if_due(session: Session, source: Source) -> CycleResult | None:
    """The same; None where another process reads the source just now, or has done so since it was due."""
    return await _run(session, source, fetches=True, if_due=True)


async def _run(session: Session, source: Source, *, fetches: bool, if_due: bool) -> CycleResult | None:
    turns: list[HostTurn] = []

    def take_turn(connection: Connection, row: SourceRow) -> None:
        # The host's turn is taken with the lease where the page is asked for at once.
        if fetches and source.url and not source.path and not (if_due and _is_waiting(session, source, row)):
            turns.append(take_host_turn(connection, session.asker, request_of(source)))

    patience = timedelta(0) if if_due else _PATIENCE
    async with session.leases.hold(source.id, patience, take_turn) as lease:
        if lease is None or (if_due and _is_waiting(session, source, lease.row)):
            return None
        files, fetched = await _read(session, source, lease, turns if fetches else None)
    answers: list[CycleResult] = []
    if lease.row.waiting or source.path or (fetched and fetched.left):
        answers = await look_up(session, [source], until=session.clock.now() + SOON)
    if files or not _is_undisturbed(lease.row, fetched):
        await watch(session, [source])
    return combine(source.id, files, fetched, answers)


def _is_waiting(session: Session, source: Source, row: SourceRow) -> bool:
    """Whether the source is not due any more: another poller may have read it since we looked."""
    now = session.clock.now()
    return schedule.due_at(row.next_poll_at, row.last_polled_at, source.every, now) > now


async def _read(
    session: Session, source: Source, lease: Lease, turns: list[HostTurn] | None
) -> tuple[list[CycleResult], CycleResult | None]:
    """Read files, then the page. `turns`: its host's, where already taken; None: no page is asked for."""
    files = await _files(session, source)
    if turns is None:
        return files, None
    if not source.url:
        now = session.clock.now()
        due = schedule.next_poll(now, source.every, session.poller.dice())
        await asyncio.to_thread(rows.polled, session.store, source.id, PollColumns(now, due))
        return files, None
    fetched = await fetch_source(session, source, lease, turns[-1] if turns else None)
    report(fetched)
    return files, fetched


def _is_undisturbed(row: SourceRow, fetched: CycleResult | None) -> bool:
    """Whether operators have nothing to hear: it was polled and well before, and is well again."""
    return fetched is not None and fetched.fresh and row.is_well and row.last_polled_at is not None


async def take_given(session: Session, source: Source, page: Page) -> CycleResult:
    """Take in a page that was handed over, in place of a source's files and site."""
    async with session.leases.hold(source.id, _PATIENCE):
        result = of_intake(source.id, await session.take(source, page, IntakeOptions()))
    report(result, file=page.origin)
    answers = await look_up(session, [source], until=session.clock.now() + SOON)
    return combine(source.id, [result], answers=answers)


async def read_folder(session: Session, source: Source) -> list[CycleResult]:
    """Read a source's new files, whatever its schedule says; none where another process reads it."""
    async with session.leases.hold(source.id) as lease:
        if lease is None:
            return []
        files = await read_files(session, source)
    await watch(session, [source])
    return files


async def _files(session: Session, source: Source) -> list[CycleResult]:
    if not source.path:
        return []
    try:
        results = await read_files(session, source, patient=True)
    except DropError as error:
        why = f"{error}."
    else:
        if results or source.url or not session.drops[source.id].is_missing:
            return results
        where = session.drops[source.id].path
        why = f"There is no file {where}, nor a folder; a folder's name with / at its end is made."
    failed = await fail(session, source, why)
    report(failed)
    return [failed]


async def watch(session: Session, sources: Iterable[Source]) -> None:
    """Notify operators of sources that went silent, and remind them of captures that are held back."""
    for source in sources:
        await session.publish(await asyncio.to_thread(_watch, session, source))


def _watch(session: Session, source: Source) -> tuple[Notice, ...]:
    now = session.clock.now()
    with session.store.write() as connection:
        stale = incidents.check_stale(connection, source, now)
        return stale + incidents.remind_held(connection, source.id, now)


async def heartbeat(session: Session) -> None:
    """Ask for the heartbeat's address: a cycle went well, no source is in trouble, and messages arrive."""
    url = session.poller.heartbeat_url
    if not url or await asyncio.to_thread(_in_trouble, session):
        return
    if since := await asyncio.to_thread(_stuck_since, session):
        log.warning("no heartbeat is sent: nothing can be delivered", since=since.isoformat())
        return
    try:
        async with asyncio.timeout(_HEARTBEAT.total_seconds()):
            answer = await session.asker.client.get(url)
        if answer.status_code >= 400:
            log.warning("the heartbeat was not accepted", status=answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        log.warning("the heartbeat could not be sent", reason=reason(error))


def _stuck_since(session: Session) -> datetime | None:
    with session.store.read() as connection:
        return stuck_since(connection, session.clock.now())


def _in_trouble(session: Session) -> bool:
    configured = [source.id for source in session.settings.sources]
    query = select(sources_table.c.id).where(sources_table.c.id.in_(configured), sources_table.c.failures > 0)
    with session.store.read() as connection:
        return connection.execute(query).first() is not None
