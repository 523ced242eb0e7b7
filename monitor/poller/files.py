"""Reads what was saved into a source's folder."""

import asyncio
from datetime import timedelta

import structlog

from monitor import incidents
from monitor.poller.results import Reading, of_intake
from monitor.poller.session import Session
from monitor.record.settings import Source
from monitor.record.store.store import StoreError
from monitor.record.values import Notice, Outcome, Page
from monitor.saved.drop import Drop, Found

_MOTION = timedelta(seconds=1.1)  # a second look at what is being written
_LOOKS = 5

log = structlog.get_logger(__name__)


async def read_files(session: Session, source: Source, *, patient: bool = False) -> list[Reading]:
    """Read every new file of a source, oldest first; DropError where its folder cannot be looked into.

    `patient`: waits a few seconds for those that are being written. The caller holds the lease.
    """
    async with session.reading[source.id]:
        return await _read_all(session, source, patient=patient)


async def _read_all(session: Session, source: Source, *, patient: bool) -> list[Reading]:
    drop = session.drops[source.id]
    found = await asyncio.to_thread(drop.look, session.clock.now())
    for _ in range(_LOOKS if patient else 0):
        if not drop.moving:
            break
        await session.clock.sleep(_MOTION.total_seconds())
        found = await asyncio.to_thread(drop.look, session.clock.now())
    readings = [await _read(session, source, drop, one) for one in found]
    return [reading for reading in readings if reading is not None]


async def has_files(session: Session, source: Source) -> bool:
    """Whether something new lies there: a look that needs no lease."""
    async with session.reading[source.id]:
        return bool(await asyncio.to_thread(session.drops[source.id].unread, session.clock.now()))


async def _read(session: Session, source: Source, drop: Drop, found: Found) -> Reading | None:
    with session.asker.room.share() as share:
        await share.wait(min(found.size, drop.max_bytes))
        return await _read_one(session, source, drop, found)


async def _read_one(session: Session, source: Source, drop: Drop, found: Found) -> Reading | None:
    page = await asyncio.to_thread(drop.load, found)
    if isinstance(page, Page) and not drop.is_same(found, page):
        return None  # written to since it was looked at: the next look decides
    reading = await _take(session, source, page)
    # Only now: a kill before this line reads the file again, which changes nothing.
    await asyncio.to_thread(drop.remember, found, reading.outcome, session.clock.now())
    report(reading, file=found.name)
    return reading


async def _take(session: Session, source: Source, page: Page | str) -> Reading:
    if isinstance(page, str):
        return await fail(session, source, page)
    try:
        return of_intake(source.id, await session.take(source, page))
    except StoreError:
        raise
    except Exception as error:
        # One file must not keep those after it from being read.
        log.exception("a file could not be taken in", source=source.id, file=page.origin)
        return await fail(session, source, f"{page.origin} could not be taken in: {error!r}.")


async def fail(session: Session, source: Source, message: str) -> Reading:
    """Write down that a file or the folder cannot be read; beside a site, it is no word on the site."""
    now = session.clock.now()

    def write() -> tuple[Notice, ...]:
        with session.store.write() as connection:
            aside = bool(source.url)
            return incidents.record(connection, source.id, Outcome.FAILING, message, now, aside=aside)

    await session.tell(await asyncio.to_thread(write))
    return Reading(source.id, Outcome.FAILING, message)


def report(reading: Reading, **where: str) -> None:
    """Say in one line how a source's reading ended."""
    fields = {name: value for name, value in reading.as_json().items() if name not in ("source", "events")}
    counts = {name: value for name, value in fields.items() if value and name != "outcome"}
    if reading.failed:
        log.warning(reading.message or "not read", source=reading.source, outcome=fields["outcome"], **where)
    else:
        detail = {"message": reading.message} if reading.message else {}
        log.info("read", source=reading.source, outcome=fields["outcome"], **counts, **detail, **where)
