"""Ends an intake at a page that is the one last believed: what is written then, in one transaction."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, case, update

from monitor import incidents
from monitor.intake import short_cuts
from monitor.intake.values import ENDED_BY, Also, Intake, Marks, is_aside
from monitor.record.settings import Source
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import coverage, sources
from monitor.record.store.store import Store, StoreBusy
from monitor.record.values import Format, Outcome, Page


def write_also(connection: Connection, source: Source, intake: Intake, also: Also | None) -> Intake:
    """Write what the caller wants written with it."""
    if also:
        note(connection, source.id, also(intake))
    return intake


def note(connection: Connection, source_id: str, values: dict[str, Any]) -> None:
    """Write values of columns, and ENDED_BY, into a source's row."""
    given = {f"new_{name}": value for name, value in values.items()}
    _statement(tuple(values)).count(connection, {"source": source_id, **given})


@lru_cache(maxsize=16)
def _statement(names: tuple[str, ...]) -> Prepared:
    """The update of a source's row in some columns: composed once, as it is executed for every page."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names if name != ENDED_BY}
    if ENDED_BY in names:
        mine = sources.c.lease_holder == bindparam(f"new_{ENDED_BY}")
        values["lease_until"] = case((mine, None), else_=sources.c.lease_until)
        values["lease_holder"] = case((mine, None), else_=sources.c.lease_holder)
    if "last_captured_at" in names:
        taken, last = values["last_captured_at"], sources.c.last_captured_at
        values["last_captured_at"] = case((last > taken, last), else_=taken)
    return Prepared(update(sources).where(sources.c.id == bindparam("source")).values(values))


_LARGE = 10**6  # bytes, from which looking is no longer a matter of a millisecond


def glance(
    store: Store,
    source: Source,
    page: Page,
    *,
    now: datetime,
    format: Format | None,
    also: Also | None,
    last: short_cuts.Last | None = None,
) -> Intake | None:
    """End an intake at a page that is the one last believed, without waiting for anybody.

    `last`: how that one is remembered, to save work.

    None where it is not that page, is large, or somebody else writes just now: then `take_in` decides.
    """
    if not store.is_sqlite or len(page.body) > _LARGE:
        return None
    page = replace(page, captured_at=min(page.captured_at, now))
    try:
        return same_again(store, source, page, short_cuts.of(page, format, last), now, also, wait=False)
    except StoreBusy:
        return None


def same_again(
    store: Store,
    source: Source,
    page: Page,
    known: short_cuts.Memory,
    now: datetime,
    also: Also | None,
    *,
    wait: bool = True,
) -> Intake | None:
    """The short cut (monitor/intake/short_cuts.py): the page that was believed last, not read again."""
    if known.settled is None:
        return None
    with store.write(light=True, wait=wait) as connection:
        last = short_cuts.recall(connection, source.id, known)
        if last is None:
            return None
        marks = Marks.of(page, known.settled.stamp, now)
        if why := marks.older_than(last):
            intake = note_stale(connection, source, page, why, last.seen, now)
            return write_also(connection, source, intake, also)
        mine = {"source": source.id, "form": last.format, "of": last.subject}
        seen = {"stamp": marks.stamp, "modified_at": marks.modified_at, "served_at": marks.served_at}
        marks_now = {f"new_{name}": value for name, value in seen.items()}
        _SEEN_AGAIN.count(connection, {**mine, **marks_now, "at": page.captured_at})
        return _note_same(connection, source, page, last, now, also)


_SEEN_AGAIN = Prepared(
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
    last: short_cuts.Known,
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
    note(
        connection,
        source.id,
        {"last_captured_at": page.captured_at, **well, **(also(intake) if also else {})},
    )
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
