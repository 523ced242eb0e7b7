"""Events by the clock: a promised date that went by, a standstill. Everything due is in the store.

Each revision is read once: what it promises is stored in `promises` with the time at which it lapses, since
when nothing changed in `clocks`. A change in between is a later revision: it is read first, and what it no
longer promises is deleted. What had passed before it was first seen, or before reminders were asked for, is
settled without a word. Nothing is said of days after which no source of the recommendation was read.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    exists,
    insert,
    or_,
    select,
    update,
)

from monitor.record.ids import new_id
from monitor.record.settings import Reminders
from monitor.record.store.intake_lock import take_turn
from monitor.record.store.schema import (
    clocks,
    events,
    lookups,
    outbox,
    promises,
    readings,
    recommendations,
    revisions,
    sources,
)
from monitor.record.store.store import Store
from monitor.record.values import EventType
from workers.schedule.reminder_requests import ANNOUNCED, record_request
from workers.schedule.revision_reading import read_revisions, unread_revisions

_Read = Mapping[str, datetime]  # when each source was last read


def remind(store: Store, asked: Reminders, now: datetime) -> int:
    """Read new revisions, then store an event for each date and standstill that has come due; how many."""
    if not record_request(store, asked, now):
        return 0
    while unread := unread_revisions(store):
        read_revisions(store, asked, unread)
    return _make(store, asked, now)


def _make(store: Store, asked: Reminders, now: datetime) -> int:
    """Store what is due, all for one outbox row: many at once are summarised, as those of a capture are."""
    queries: list[Callable[[_Read], Select[Any]]] = []
    if asked.overdue:
        queries.append(_lapsed)
    if asked.stalled_after:
        queries.append(partial(_stalled, after=asked.stalled_after))
    with store.read() as connection:
        read = _read_sources(connection, now)
        if not read or not any(connection.execute(query(read).limit(1)).first() for query in queries):
            return 0
    with store.write() as connection:
        # What is due is asked for once more: of two dispatchers one makes it, and a change goes before it.
        take_turn(connection)
        read = _read_sources(connection, now)
        due = [row for query in queries for row in connection.execute(query(read)).mappings()]
        _settle(connection, due)
        return _write_events(connection, due, now)


def _read_sources(connection: Connection, now: datetime) -> _Read:
    """When each source was last read: what has passed since then may have been answered, unseen."""
    query = select(sources.c.id, sources.c.last_captured_at).where(sources.c.last_captured_at.is_not(None))
    return {row.id: min(row.last_captured_at, now) for row in connection.execute(query)}


def _seen_by(source: str) -> ColumnElement[bool]:
    """A recommendation's newest revision comes from the source, or the source has confirmed it."""
    read = and_(readings.c.recommendation_id == recommendations.c.id, readings.c.source_id == source)
    return or_(revisions.c.source_id == source, exists(select(readings.c.source_id).where(read)))


def _lapsed(read: _Read) -> Select[Any]:
    return (
        _about(promises)
        .add_columns(promises.c.last_day, promises.c.date, promises.c.text.label("words"))
        .where(
            promises.c.settled.is_(None),
            or_(*(and_(promises.c.due_at <= at, _seen_by(source)) for source, at in read.items())),
        )
        .order_by(promises.c.recommendation_id, promises.c.last_day)
    )


def _stalled(read: _Read, after: timedelta) -> Select[Any]:
    unannounced = or_(clocks.c.reminded.is_(None), clocks.c.reminded < clocks.c.revision)
    return (
        _about(clocks)
        .add_columns(clocks.c.still_since)
        .where(
            unannounced,
            or_(*(and_(clocks.c.still_since <= at - after, _seen_by(source)) for source, at in read.items())),
        )
        .order_by(clocks.c.recommendation_id)
    )


_SUBJECT = ("key", "product", "kind", "number", "agency", "title", "text", "url")


def _about(table: Any) -> Select[Any]:
    """The recommendations of a table's rows whose newest revision was read, and which have not left."""
    one = table.c.recommendation_id
    tables = table if table is clocks else table.join(clocks, clocks.c.recommendation_id == one)
    state = and_(revisions.c.recommendation_id == one, revisions.c.number == clocks.c.revision)
    columns = [recommendations.c[name] for name in _SUBJECT]
    return (
        select(one, clocks.c.revision, revisions.c.source_id, *columns)
        .select_from(tables.join(recommendations, recommendations.c.id == one).join(revisions, state))
        .where(recommendations.c.revision == clocks.c.revision, ~_has_left())
    )


def _has_left() -> ColumnElement[bool]:
    """Whether a complete source lacks it, and its report's page has not said that it is open."""
    asked = lookups.c.recommendation_id == recommendations.c.id
    missed = and_(readings.c.recommendation_id == recommendations.c.id, readings.c.misses > 0)
    is_open = exists(select(lookups.c.source_id).where(asked, lookups.c.settled == "open"))
    return or_(
        exists(select(lookups.c.source_id).where(asked, lookups.c.settled.is_(None))),
        and_(exists(select(readings.c.source_id).where(missed)), ~is_open),
    )


def _settle(connection: Connection, due: Sequence[RowMapping]) -> None:
    lapsed = [_key(row) for row in due if "last_day" in row]
    stalled = [_key(row) for row in due if "last_day" not in row]
    if lapsed:
        this = and_(promises.c.recommendation_id == bindparam("one"), promises.c.last_day == bindparam("day"))
        connection.execute(update(promises).where(this).values(settled=ANNOUNCED), lapsed)
    if stalled:
        mine = clocks.c.recommendation_id == bindparam("one")
        connection.execute(update(clocks).where(mine).values(reminded=clocks.c.revision), stalled)


def _key(row: RowMapping) -> dict[str, Any]:
    return {"one": row["recommendation_id"]} | ({"day": row["last_day"]} if "last_day" in row else {})


def _write_events(connection: Connection, due: Sequence[RowMapping], now: datetime) -> int:
    if not due:
        return 0
    batch = new_id("evt")
    rows = [_event(row, batch if place == 0 else new_id("evt"), batch, now) for place, row in enumerate(due)]
    connection.execute(insert(events), rows)
    connection.execute(insert(outbox), {"event_id": batch, "created_at": now})
    return len(rows)


def _event(row: RowMapping, event_id: str, batch: str, now: datetime) -> dict[str, Any]:
    promised = "last_day" in row
    return {
        "id": event_id,
        "type": str(EventType.OVERDUE if promised else EventType.STALLED),
        "source_id": row["source_id"],
        "recommendation_id": row["recommendation_id"],
        "at": now,
        "revision": row["revision"],
        "old_revision": row["revision"],
        "new_revision": row["revision"],
        "changed": [],
        "subject": {name: row[name] for name in _SUBJECT},
        "silent": False,
        "reminder": row["date"] if promised else row["still_since"].date().isoformat(),
        "reminder_text": row["words"] if promised else None,
        "batch": batch,
    }
