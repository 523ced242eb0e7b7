"""Events by the clock: a promised date that went by, a standstill. Everything due is in the store.

Each revision is read once: what it promises stands in `promises` with the time at which it lapses, since
when it stands in `clocks`. A change in between is a later revision: it is read first, and what it no
longer promises is forgotten. What had passed before it was first seen, or before reminders were asked
for, is noted and never told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from monitor.record.ids import new_id
from monitor.record.settings import Reminders
from monitor.record.store.intake_lock import take_turn
from monitor.record.store.schema import (
    captures,
    clocks,
    events,
    lookups,
    meta,
    outbox,
    promises,
    readings,
    recommendations,
    revisions,
)
from monitor.record.store.store import Store, upsert
from monitor.record.values import EventType, is_closed
from workers.context import Context
from workers.meaning.promises import Promise, find_promises

log = structlog.get_logger(__name__)

_EVERY = timedelta(minutes=1)  # what the clock asks for is a matter of days
_AT_ONCE = 400
_OVERDUE, _STALLED = "reminders.overdue", "reminders.stalled"  # rows of `meta`: since when they are asked for
_TOLD, _NOTED = "told", "noted"  # what `promises.settled` says


@dataclass(frozen=True, slots=True)
class _Revision:
    """A revision that the clock has not read; `seen_at` is when it was stored."""

    recommendation_id: int
    number: int
    agency: str
    narrative: str
    observed_at: datetime
    seen_at: datetime
    awaited: bool


def make_due(context: Context, now: datetime) -> int:
    """Make the events that the clock asks for; looks once a minute. Returns how many."""
    last = context.reminded_at
    if last is not None and last <= now < last + _EVERY:
        return 0
    made = remind(context.store, context.configuration.reminders, now)
    context.reminded_at = now
    return made


def remind(store: Store, asked: Reminders, now: datetime) -> int:
    """Read what is new, then store an event for each date and standstill that has come due."""
    if not _begin(store, asked, now):
        return 0
    while unread := _unread(store):
        _read(store, asked, unread)
    return _make(store, asked, now)


# --- since when reminders are asked for ---------------------------------------------------------------


def _begin(store: Store, asked: Reminders, now: datetime) -> bool:
    """Note what is asked for; what had passed by the time it first was is never told. False: nothing is."""
    wanted = {}
    if asked.overdue:
        wanted[_OVERDUE] = "on"
    if asked.stalled_after:
        wanted[_STALLED] = str(int(asked.stalled_after.total_seconds()))
    with store.read() as connection:
        if {key: how for key, (how, _) in _since(connection).items()} == wanted:
            return bool(wanted)
    with store.write() as connection:
        for key in (_OVERDUE, _STALLED):
            _note_wish(connection, key, wanted.get(key), asked, now)
    return bool(wanted)


def _since(connection: Connection) -> dict[str, tuple[str, datetime]]:
    rows = connection.execute(select(meta).where(meta.c.key.in_((_OVERDUE, _STALLED))))
    parts = {row.key: row.value.partition(" ") for row in rows}
    return {key: (how, datetime.fromisoformat(when)) for key, (how, _, when) in parts.items()}


def _note_wish(connection: Connection, key: str, how: str | None, asked: Reminders, now: datetime) -> None:
    known = _since(connection).get(key)
    if known and known[0] == how:
        return
    connection.execute(delete(meta).where(meta.c.key == key))
    if how is None:
        return
    row = {"key": key, "value": f"{how} {now.astimezone(UTC).isoformat()}"}
    taken = upsert(connection)(meta).values(row).on_conflict_do_nothing().returning(meta.c.key)
    if connection.scalar(taken) is None:
        return
    if key == _OVERDUE:
        passed = and_(promises.c.settled.is_(None), promises.c.due_at <= now)
        connection.execute(update(promises).where(passed).values(settled=_NOTED))
    elif asked.stalled_after:
        passed = clocks.c.still_since <= now - asked.stalled_after
        connection.execute(update(clocks).where(passed).values(reminded=clocks.c.revision))


# --- reading ------------------------------------------------------------------------------------------


def _unread(store: Store) -> list[_Revision]:
    """Some recommendations whose newest revision the clock has not read."""
    newest = (
        select(revisions.c.recommendation_id, func.max(revisions.c.number).label("number"))
        .group_by(revisions.c.recommendation_id)
        .subquery()
    )
    query = (
        select(newest, revisions, recommendations.c.agency, captures.c.recorded_at)
        .join(clocks, clocks.c.recommendation_id == newest.c.recommendation_id, isouter=True)
        .join(
            revisions,
            and_(
                revisions.c.recommendation_id == newest.c.recommendation_id,
                revisions.c.number == newest.c.number,
            ),
        )
        .join(recommendations, recommendations.c.id == newest.c.recommendation_id)
        .join(captures, captures.c.id == revisions.c.capture_id, isouter=True)
        .where(or_(clocks.c.revision.is_(None), clocks.c.revision < newest.c.number))
        .order_by(newest.c.recommendation_id)
        .limit(_AT_ONCE)
    )
    with store.read() as connection:
        return [_revision(row) for row in connection.execute(query).mappings()]


def _revision(row: Any) -> _Revision:
    observed = row[revisions.c.observed_at]
    return _Revision(
        recommendation_id=row[revisions.c.recommendation_id],
        number=row[revisions.c.number],
        agency=row[recommendations.c.agency],
        narrative=row[revisions.c.narrative],
        observed_at=observed,
        seen_at=max(observed, row[captures.c.recorded_at] or observed),
        awaited=row[revisions.c.present] and not is_closed(row[revisions.c.status]),
    )


def _read(store: Store, asked: Reminders, unread: Sequence[_Revision]) -> None:
    found = {each.recommendation_id: _promises_of(each) for each in unread}
    with store.write() as connection:
        take_turn(connection)
        # Another dispatcher may have read these meanwhile, or later revisions, and reminded of them.
        fresh = _still_unread(connection, unread)
        since = _since(connection)
        if fresh:
            _write_promises(connection, fresh, found, since.get(_OVERDUE))
            _write_clocks(connection, fresh, asked, since.get(_STALLED))


def _still_unread(connection: Connection, unread: Sequence[_Revision]) -> list[_Revision]:
    query = select(clocks.c.recommendation_id, clocks.c.revision).where(
        clocks.c.recommendation_id.in_([each.recommendation_id for each in unread])
    )
    known = {row.recommendation_id: row.revision for row in connection.execute(query)}
    return [each for each in unread if known.get(each.recommendation_id, 0) < each.number]


def _promises_of(revision: _Revision) -> dict[str, Promise]:
    """By last day. A narrative that cannot be read promises nothing, and must not hold up the others."""
    if not revision.awaited:
        return {}
    try:
        found = find_promises(revision.agency, revision.narrative)
    except Exception:
        log.exception("promised dates could not be read", recommendation_id=revision.recommendation_id)
        return {}
    return {promise.last_day.isoformat(): promise for promise in found}


def _write_promises(
    connection: Connection,
    unread: Sequence[_Revision],
    found: dict[int, dict[str, Promise]],
    since: tuple[str, datetime] | None,
) -> None:
    one, day = promises.c.recommendation_id, promises.c.last_day
    known = select(one, day).where(one.in_([each.recommendation_id for each in unread]))
    # What was told goes as well: promised again, its day is one of the past.
    gone = [tuple(pair) for pair in connection.execute(known) if pair[1] not in found[pair[0]]]
    if gone:
        connection.execute(delete(promises).where(tuple_(one, day).in_(gone)))
    rows = [
        _promise_row(each, promise, since)
        for each in unread
        for promise in found[each.recommendation_id].values()
    ]
    if rows:
        _upsert_promises(connection, rows)


def _promise_row(revision: _Revision, promise: Promise, since: tuple[str, datetime] | None) -> dict[str, Any]:
    passed = promise.lapses_at <= max(revision.seen_at, since[1] if since else revision.seen_at)
    return {
        "recommendation_id": revision.recommendation_id,
        "last_day": promise.last_day.isoformat(),
        "date": promise.name,
        "text": promise.text,
        "due_at": promise.lapses_at,
        "settled": _NOTED if passed else None,
    }


def _upsert_promises(connection: Connection, rows: list[dict[str, Any]]) -> None:
    add = upsert(connection)(promises)
    # Promised before, and the same day still: its words may be others, what was settled stays settled. Where
    # the words are younger than the day, nobody says that nothing changed.
    worded = {name: getattr(add.excluded, name) for name in ("date", "text")}
    worded["settled"] = func.coalesce(promises.c.settled, add.excluded.settled)
    key = ["recommendation_id", "last_day"]
    connection.execute(add.on_conflict_do_update(index_elements=key, set_=worded), rows)


def _write_clocks(
    connection: Connection,
    unread: Sequence[_Revision],
    asked: Reminders,
    since: tuple[str, datetime] | None,
) -> None:
    add = upsert(connection)(clocks)
    fresh = {name: getattr(add.excluded, name) for name in ("revision", "still_since", "reminded")}
    statement = add.on_conflict_do_update(index_elements=["recommendation_id"], set_=fresh)
    connection.execute(statement, [_clock_row(each, asked, since) for each in unread])


def _clock_row(revision: _Revision, asked: Reminders, since: tuple[str, datetime] | None) -> dict[str, Any]:
    after = asked.stalled_after
    known_at = max(revision.seen_at, since[1]) if since else revision.seen_at
    passed = after is not None and revision.observed_at + after <= known_at
    return {
        "recommendation_id": revision.recommendation_id,
        "revision": revision.number,
        "still_since": revision.observed_at if revision.awaited else None,
        "reminded": revision.number if passed else None,
    }


# --- making events ------------------------------------------------------------------------------------


def _make(store: Store, asked: Reminders, now: datetime) -> int:
    """Store what is due, all for one outbox row: many at once are summarised, as those of a capture are."""
    queries = []
    if asked.overdue:
        queries.append(_lapsed(now))
    if asked.stalled_after:
        queries.append(_standing_still(now - asked.stalled_after))
    with store.read() as connection:
        if not any(connection.execute(query.limit(1)).first() for query in queries):
            return 0
    with store.write() as connection:
        # What is due is asked for once more: of two dispatchers one makes it, and a change goes before it.
        take_turn(connection)
        due = [row for query in queries for row in connection.execute(query).mappings()]
        _settle(connection, due)
        return _write_events(connection, due, now)


def _lapsed(now: datetime) -> Select[Any]:
    return (
        _about(promises)
        .add_columns(promises.c.last_day, promises.c.date, promises.c.text.label("words"))
        .where(promises.c.settled.is_(None), promises.c.due_at <= now)
        .order_by(promises.c.recommendation_id, promises.c.last_day)
    )


def _standing_still(since: datetime) -> Select[Any]:
    untold = or_(clocks.c.reminded.is_(None), clocks.c.reminded < clocks.c.revision)
    return (
        _about(clocks)
        .add_columns(clocks.c.still_since)
        .where(clocks.c.still_since <= since, untold)
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
    told = [_key(row) for row in due if "last_day" in row]
    reminded = [_key(row) for row in due if "last_day" not in row]
    if told:
        this = and_(promises.c.recommendation_id == bindparam("one"), promises.c.last_day == bindparam("day"))
        connection.execute(update(promises).where(this).values(settled=_TOLD), told)
    if reminded:
        mine = clocks.c.recommendation_id == bindparam("one")
        connection.execute(update(clocks).where(mine).values(reminded=clocks.c.revision), reminded)


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
