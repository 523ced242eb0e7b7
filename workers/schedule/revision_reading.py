"""Reads each revision once, for reminders: promised dates go to `promises`, standstills to `clocks`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, and_, delete, func, or_, select, tuple_

from monitor.record.settings import Reminders
from monitor.record.store.intake_lock import take_turn
from monitor.record.store.schema import captures, clocks, promises, recommendations, revisions
from monitor.record.store.store import Store, upsert
from monitor.record.values import is_closed
from workers.meaning.promises import Promise, find_promises
from workers.schedule.reminder_requests import NOTED, OVERDUE, STALLED, Since, requested_since

log = structlog.get_logger(__name__)

_AT_ONCE = 400  # revisions read in one transaction


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision that the clock has not read; `seen_at` is when it was stored."""

    recommendation_id: int
    number: int
    agency: str
    narrative: str
    observed_at: datetime
    seen_at: datetime
    awaited: bool


def unread_revisions(store: Store) -> list[Revision]:
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


def _revision(row: Any) -> Revision:
    observed = row[revisions.c.observed_at]
    return Revision(
        recommendation_id=row[revisions.c.recommendation_id],
        number=row[revisions.c.number],
        agency=row[recommendations.c.agency],
        narrative=row[revisions.c.narrative],
        observed_at=observed,
        seen_at=max(observed, row[captures.c.recorded_at] or observed),
        awaited=row[revisions.c.present] and not is_closed(row[revisions.c.status]),
    )


def read_revisions(store: Store, asked: Reminders, unread: Sequence[Revision]) -> None:
    """Store what revisions promise, and since when nothing changed."""
    found = {each.recommendation_id: _promises_of(each) for each in unread}
    with store.write() as connection:
        take_turn(connection)
        # Another dispatcher may have read these meanwhile, or later revisions, and reminded of them.
        fresh = _still_unread(connection, unread)
        since = requested_since(connection)
        if fresh:
            _write_promises(connection, fresh, found, since.get(OVERDUE))
            _write_clocks(connection, fresh, asked, since.get(STALLED))


def _still_unread(connection: Connection, unread: Sequence[Revision]) -> list[Revision]:
    query = select(clocks.c.recommendation_id, clocks.c.revision).where(
        clocks.c.recommendation_id.in_([each.recommendation_id for each in unread])
    )
    known = {row.recommendation_id: row.revision for row in connection.execute(query)}
    return [each for each in unread if known.get(each.recommendation_id, 0) < each.number]


def _promises_of(revision: Revision) -> dict[str, Promise]:
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
    unread: Sequence[Revision],
    found: dict[int, dict[str, Promise]],
    since: Since | None,
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


def _promise_row(revision: Revision, promise: Promise, since: Since | None) -> dict[str, Any]:
    passed = promise.lapses_at <= max(revision.seen_at, since[1] if since else revision.seen_at)
    return {
        "recommendation_id": revision.recommendation_id,
        "last_day": promise.last_day.isoformat(),
        "date": promise.name,
        "text": promise.text,
        "due_at": promise.lapses_at,
        "settled": NOTED if passed else None,
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
    unread: Sequence[Revision],
    asked: Reminders,
    since: Since | None,
) -> None:
    add = upsert(connection)(clocks)
    fresh = {name: getattr(add.excluded, name) for name in ("revision", "still_since", "reminded")}
    statement = add.on_conflict_do_update(index_elements=["recommendation_id"], set_=fresh)
    connection.execute(statement, [_clock_row(each, asked, since) for each in unread])


def _clock_row(revision: Revision, asked: Reminders, since: Since | None) -> dict[str, Any]:
    after = asked.stalled_after
    known_at = max(revision.seen_at, since[1]) if since else revision.seen_at
    passed = after is not None and revision.observed_at + after <= known_at
    return {
        "recommendation_id": revision.recommendation_id,
        "revision": revision.number,
        "still_since": revision.observed_at if revision.awaited else None,
        "reminded": revision.number if passed else None,
    }
