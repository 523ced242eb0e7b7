"""Reads the files that were saved into a source's folder."""

import asyncio
from datetime import timedelta

import structlog

from monitor import incidents
from monitor.incidents import SourceOutcome
from monitor.intake import IntakeOptions
from monitor.poller.results import CycleResult, of_intake
from monitor.poller.session import Session
from monitor.record.settings import Source
from monitor.record.store.store import StoreError
from monitor.record.values import Notice, Outcome, Page
from monitor.saved.drop import Drop, NewFile

_MOTION = timedelta(seconds=1.1)  # between two scans while a file is being written
_SCANS = 5

log = structlog.get_logger(__name__)


async def read_files(session: Session, source: Source, *, patient: bool = False) -> list[CycleResult]:
    """Read every new file of a source, oldest first; DropError where its folder cannot be listed.

    `patient`: waits a few seconds for files that are being written. The caller holds the lease.
    """
    async with session.reading[source.id]:
        return await _read_all(session, source, patient=patient)


async def _read_all(session: Session, source: Source, *, patient: bool) -> list[CycleResult]:
    drop = session.drops[source.id]
    found = await asyncio.to_thread(drop.scan, session.clock.now())
    for _ in range(_SCANS if patient else 0):
        if not drop.moving:
            break
        await session.clock.sleep(_MOTION.total_seconds())
        found = await asyncio.to_thread(drop.scan, session.clock.now())
    results = [await _read(session, source, drop, one) for one in found]
    return [result for result in results if result is not None]


async def has_files(session: Session, source: Source) -> bool:
    """Whether there is a new file, without holding the lease."""
    async with session.reading[source.id]:
        return bool(await asyncio.to_thread(session.drops[source.id].unread, session.clock.now()))


async def _read(session: Session, source: Source, drop: Drop, found: NewFile) -> CycleResult | None:
    with session.asker.budget.share() as share:
        await share.wait(min(found.size, drop.max_bytes))
        return await _read_one(session, source, drop, found)


async def _read_one(session: Session, source: Source, drop: Drop, found: NewFile) -> CycleResult | None:
    page = await asyncio.to_thread(drop.load, found)
    if isinstance(page, Page) and not drop.is_same(found, page):
        return None  # written to since it was scanned: the next scan decides
    result = await _take(session, source, page)
    # Only now: a kill before this line reads the file again, which changes nothing.
    await asyncio.to_thread(drop.remember, found, result.outcome, session.clock.now())
    report(result, file=found.name)
    return result


async def _take(session: Session, source: Source, page: Page | str) -> CycleResult:
    if isinstance(page, str):
        return await fail(session, source, page)
    try:
        return of_intake(source.id, await session.take(source, page, IntakeOptions()))
    except StoreError:
        raise
    except Exception as error:
        # One file must not keep those after it from being read.
        log.exception("a file could not be taken in", source=source.id, file=page.origin)
        return await fail(session, source, f"{page.origin} could not be taken in: {error!r}.")


async def fail(session: Session, source: Source, message: str) -> CycleResult:
    """Record that a file or the folder cannot be read: no news of the site's health, where it has one."""
    saved = bool(source.url)
    ended = SourceOutcome(source.id, Outcome.FAILING, message, session.clock.now(), saved_copy=saved)
    await session.publish(await asyncio.to_thread(_write, session, ended))
    return CycleResult(source.id, Outcome.FAILING, message)


def _write(session: Session, ended: SourceOutcome) -> tuple[Notice, ...]:
    with session.store.write() as connection:
        return incidents.record(connection, ended)


def report(result: CycleResult, **where: str) -> None:
    """Log in one line how reading a source ended."""
    fields = {name: value for name, value in result.as_json().items() if name not in ("source", "events")}
    counts = {name: value for name, value in fields.items() if value and name != "outcome"}
    if result.failed:
        log.warning(result.message or "not read", source=result.source, outcome=fields["outcome"], **where)
    else:
        detail = {"message": result.message} if result.message else {}
        log.info("read", source=result.source, outcome=fields["outcome"], **counts, **detail, **where)
