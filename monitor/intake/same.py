"""Ends an intake at a page that is the one last believed: what is written then, in one transaction."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, update

from monitor import incidents
from monitor.intake import memory
from monitor.intake.values import Also, Intake, Marks, is_aside
from monitor.record.schema import coverage, sources
from monitor.record.settings import Source
from monitor.record.store import Store
from monitor.record.values import Outcome, Page


def write_also(connection: Connection, source: Source, intake: Intake, also: Also | None) -> Intake:
    """Write what the caller wants written with it."""
    if also:
        connection.execute(update(sources).where(sources.c.id == source.id).values(also(intake)))
    return intake


def same_again(
    store: Store,
    source: Source,
    page: Page,
    known: memory.Memory,
    now: datetime,
    also: Also | None,
) -> Intake | None:
    """The short cut (monitor/intake/memory.py): the page that was believed last, not read again."""
    if known.settled is None:
        return None
    with store.write() as connection:
        last = memory.recall(connection, source.id, known)
        if last is None:
            return None
        marks = Marks.of(page, known.settled.stamp, now)
        if why := marks.older_than(last):
            intake = note_stale(connection, source, page, why, last.seen, now)
            return write_also(connection, source, intake, also)
        mine = {"source": source.id, "form": last.format, "of": last.subject}
        seen = {"stamp": marks.stamp, "modified_at": marks.modified_at, "served_at": marks.served_at}
        connection.execute(
            _SEEN_AGAIN, {**mine, **{f"new_{n}": v for n, v in seen.items()}, "at": page.captured_at}
        )
        return _note_same(connection, source, page, last, now, also)


_SEEN_AGAIN = (
    update(coverage)
    .where(
        coverage.c.source_id == bindparam("source"),
        coverage.c.format == bindparam("form"),
        coverage.c.subject == bindparam("of"),
    )
    .values(
        stamp=bindparam("new_stamp"),
        modified_at=bindparam("new_modified_at"),
        served_at=bindparam("new_served_at"),
        last_captured_at=bindparam("at"),
    )
)


def _note_same(
    connection: Connection,
    source: Source,
    page: Page,
    last: memory.Known,
    now: datetime,
    also: Also | None,
) -> Intake:
    intake = Intake(Outcome.UNCHANGED, seen=last.seen)
    if last.troubled:
        told = incidents.record(
            connection, source.id, Outcome.UNCHANGED, "", now, aside=is_aside(source, page)
        )
        intake = replace(intake, notices=told)
    well = {"outcome": Outcome.UNCHANGED, "message": "", "stale_copies": 0}
    newest = case(
        (sources.c.last_captured_at > page.captured_at, sources.c.last_captured_at), else_=page.captured_at
    )
    values = {"last_captured_at": newest, **well, **(also(intake) if also else {})}
    connection.execute(update(sources).where(sources.c.id == source.id).values(values))
    return intake


def note_stale(
    connection: Connection, source: Source, page: Page, why: str, seen: int, now: datetime
) -> Intake:
    """An old copy out of some cache: it says nothing about today."""
    message = f"an older copy than the last one: {why}"
    if not page.headers:  # a file that somebody saved: no cache is stuck
        return Intake(Outcome.UNCHANGED, message, seen, stale=True)
    outcome, notices = incidents.record_stale_copy(connection, source.id, message, now)
    return Intake(outcome, message, seen, notices=notices, stale=True)
