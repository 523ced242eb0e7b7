"""Turns an outbox row into messages: describe its events, decide who hears, write it all at once."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping, Select, and_, or_, select, union, update

from monitor.record.ids import new_id
from monitor.record.store import queries
from monitor.record.store.schema import descriptions, events, items, notices, outbox
from monitor.record.store.store import StoreError, upsert
from monitor.record.values import Event, NoticeType
from workers.context import Context
from workers.messages import storing
from workers.messages.describe import encode, tell_each, tell_plainly
from workers.messages.planning import FIRST, Plan, plan, route
from workers.values import DescribedEvent

log = structlog.get_logger(__name__)

_TRIES = 3  # to describe; after that the words alone go out
_AT_ONCE = 500
_SOON = timedelta(seconds=2)
_UNPUBLISHED = select(outbox.c.id).where(outbox.c.published_at.is_(None)).order_by(outbox.c.id)


def fan_out(context: Context, outbox_id: int, now: datetime | None = None) -> bool:
    """Make the messages of an outbox row; False where that was done before.

    Rows with earlier events of the same recommendations are done first, whichever job came first:
    what goes out for one recommendation goes out in its revisions' order (invariant 8).
    """
    done = False
    for each in _in_order(context, outbox_id):
        done = _fan_out_one(context, each, now or datetime.now(UTC)) or done
    return done


def fan_out_all(context: Context, now: datetime) -> None:
    """Make the messages of everything that was stored and waits for a worker to describe it."""
    with context.store.read() as connection:
        waiting = list(connection.scalars(_UNPUBLISHED))
    for each in waiting:
        fan_out(context, each, now)


def unpublished(connection: Connection) -> list[Event]:
    """The events that no messages were made of yet, in the order in which they will be."""
    return [event for each in connection.scalars(_UNPUBLISHED).all() for event in _events(connection, each)]


def put_back(context: Context, outbox_id: int) -> None:
    """No mark keeps a row that could not be described from being tried again soon."""
    soon = datetime.now(UTC) + _SOON
    mine = and_(outbox.c.id == outbox_id, outbox.c.published_at.is_(None))
    with suppress(StoreError), context.store.write() as connection:
        connection.execute(update(outbox).where(mine).values(enqueued_until=soon))


def _in_order(context: Context, outbox_id: int) -> list[int]:
    """The row and the unpublished ones that have to go before it, the earliest first.

    Pages are taken in one at a time (docs/decisions/0004), so that a row is younger than those with earlier
    events of its recommendations. A store that was not described for months may hold thousands of them.
    """
    found, fresh, known = {outbox_id}, [outbox_id], set[int]()
    with context.store.read() as connection:
        older = and_(outbox.c.published_at.is_(None), outbox.c.id < outbox_id)
        if connection.scalar(select(outbox.c.id).where(older).limit(1)) is None:
            return [outbox_id]
        while fresh:
            about = _in_parts(connection, _recommendations, fresh) - known
            known |= about
            fresh = sorted(_in_parts(connection, _rows_before(outbox_id), about) - found)
            found.update(fresh)
    return sorted(found)


def _in_parts(
    connection: Connection, query: Callable[[Sequence[int]], Select[Any]], ids: Iterable[int]
) -> set[int]:
    listed = sorted(ids)
    parts = (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
    return {each for part in parts for each in connection.scalars(query(part))}


def _recommendations(rows: Sequence[int]) -> Select[Any]:
    """What the events of outbox rows are about."""
    by_capture, by_batch = (
        select(events.c.recommendation_id)
        .select_from(outbox.join(events, joined))
        .where(outbox.c.id.in_(rows))
        for joined in _EITHER
    )
    both = union(by_capture, by_batch).subquery()
    return select(both.c.recommendation_id)


def _rows_before(outbox_id: int) -> Callable[[Sequence[int]], Select[Any]]:
    """Unpublished rows older than this one that hold events about recommendations."""

    def query(about: Sequence[int]) -> Select[Any]:
        unpublished = and_(outbox.c.published_at.is_(None), outbox.c.id < outbox_id)
        by_capture, by_batch = (
            select(outbox.c.id)
            .select_from(events.join(outbox, joined))
            .where(events.c.recommendation_id.in_(about), unpublished)
            for joined in _EITHER
        )
        both = union(by_capture, by_batch).subquery()
        return select(both.c.id)

    return query


# An event goes out with its capture, a reminder with its batch.
_EITHER = (events.c.capture_id == outbox.c.capture_id, events.c.batch == outbox.c.event_id)


def _fan_out_one(context: Context, outbox_id: int, now: datetime) -> bool:
    tries = _begin(context, outbox_id)
    if tries is None:
        return False
    told, plain = _describe(context, outbox_id, tries)
    subscriptions = context.configuration.subscriptions
    routed = route(subscriptions, [*told, *plain])
    with context.store.write() as connection:
        row = _lock(connection, outbox_id)
        if row is None:
            return False
        _store_descriptions(connection, [*told, *plain])
        capture_ref = str(row["capture_id"] or row["event_id"])
        told_before = _told_before(connection, [described.event.id for described in (*told, *plain)])
        _write(connection, context, plan(subscriptions, routed, capture_ref, told_before), now)
        if plain:
            _tell_operators(connection, [described.event for described in plain], now)
        # Invariant 2: the row is marked only here, in the transaction that makes its messages.
        connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(published_at=now))
    return True


def _begin(context: Context, outbox_id: int) -> int | None:
    """Count a try before it is made, so that one that kills the process counts; None: nothing to do."""
    with context.store.write() as connection:
        todo = and_(outbox.c.id == outbox_id, outbox.c.published_at.is_(None))
        count = update(outbox).where(todo).values(attempts=outbox.c.attempts + 1)
        tries: int | None = connection.scalar(count.returning(outbox.c.attempts))
        return tries


def _describe(
    context: Context, outbox_id: int, tries: int
) -> tuple[list[DescribedEvent], list[DescribedEvent]]:
    """The row's events described, and those that go out plain after three tries."""
    with context.store.read() as connection:
        loaded = _events(connection, outbox_id)
        if tries > _TRIES:
            log.error("describing ended three times before it was done", outbox_id=outbox_id)
            return [], [tell_plainly(event) for event in loaded]
        told, failed = tell_each(connection, loaded)
    if failed and tries < _TRIES:
        again = _begin(context, outbox_id)
        return _describe(context, outbox_id, _TRIES if again is None else again)
    return told, [tell_plainly(event) for event in failed]


def _events(connection: Connection, outbox_id: int) -> list[Event]:
    """The row's events that somebody may be told of: imported history is silent."""
    query = (
        select(events.c.id)
        .select_from(outbox.join(events, or_(*_EITHER)))
        .where(outbox.c.id == outbox_id, events.c.silent.is_(False))
        .order_by(events.c.recommendation_id, events.c.revision, events.c.at)
    )
    ids = list(connection.scalars(query))
    by_id = {event.id: event for event in queries.load_events(connection, ids=ids)} if ids else {}
    return [by_id[each] for each in ids]


def _lock(connection: Connection, outbox_id: int) -> RowMapping | None:
    query = select(outbox.c.capture_id, outbox.c.event_id).where(
        outbox.c.id == outbox_id, outbox.c.published_at.is_(None)
    )
    return connection.execute(query.with_for_update()).mappings().one_or_none()


def _store_descriptions(connection: Connection, described_events: Sequence[DescribedEvent]) -> None:
    if described_events:
        insert = upsert(connection)(descriptions).on_conflict_do_nothing()
        connection.execute(insert, [encode(described) for described in described_events])


def _told_before(connection: Connection, ids: list[str]) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for start in range(0, len(ids), _AT_ONCE):
        some = and_(items.c.event_id.in_(ids[start : start + _AT_ONCE]), items.c.cause_class == FIRST)
        rows = connection.execute(
            select(items.c.event_id, items.c.subscription, items.c.recipient).where(some)
        )
        found.update((row.event_id, row.subscription, row.recipient) for row in rows)
    return found


def _write(connection: Connection, context: Context, planned: Plan, now: datetime) -> None:
    storing.note_subscriptions(connection, storing.everyone(context), now)
    storing.post(connection, context, planned.drafts, now)
    kept = [storing.item(subscription, recipient, event) for subscription, recipient, event in planned.kept]
    if kept:
        connection.execute(items.insert(), kept)


def _tell_operators(connection: Connection, plain: list[Event], now: datetime) -> None:
    """Operators hear that events went out without their meaning."""
    count, first = len(plain), plain[0]
    words = "1 change" if count == 1 else f"{count} changes"
    connection.execute(
        notices.insert(),
        {
            "id": new_id("evt"),
            "type": str(NoticeType.FAILING),
            "at": now,
            "concerns": first.source,
            "outcome": "undescribed",
            "message": f"what {words} mean could not be worked out ({first.id} first); told in full",
            "since": now,
        },
    )
