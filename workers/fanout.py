"""Turns an outbox row into messages: describe its events, decide who hears, write it all at once."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update

from monitor.record import queries
from monitor.record.ids import new_id
from monitor.record.schema import descriptions, events, items, notices, outbox
from monitor.record.store import StoreError, upsert
from monitor.record.values import Event, NoticeType
from workers import posting
from workers.context import Context
from workers.describe import encode, tell_each, tell_plainly
from workers.planning import FIRST, Plan, plan, route
from workers.values import Telling

log = structlog.get_logger(__name__)

_TRIES = 3  # to describe; after that the words alone go out
_AT_ONCE = 500
_SOON = timedelta(seconds=2)


def fan_out(context: Context, outbox_id: int, now: datetime | None = None) -> bool:
    """Make the messages of an outbox row; False where that was done before.

    Rows with earlier events of the same recommendations are done first, whichever job came first:
    what goes out for one recommendation goes out in its revisions' order (invariant 8).
    """
    done = False
    for each in _in_order(context, outbox_id):
        done = _fan_out_one(context, each, now or datetime.now(UTC)) or done
    return done


def put_back(context: Context, outbox_id: int) -> None:
    """No mark keeps a row that could not be described from being tried again soon."""
    soon = datetime.now(UTC) + _SOON
    mine = and_(outbox.c.id == outbox_id, outbox.c.published_at.is_(None))
    with suppress(StoreError), context.store.write() as connection:
        connection.execute(update(outbox).where(mine).values(enqueued_until=soon))


def _in_order(context: Context, outbox_id: int) -> list[int]:
    """The row and the unpublished ones that have to go before it, the earliest first.

    A stack of our own: a store that was not described for months may hold longer chains than Python recurses.
    """
    order: list[int] = []
    seen = {outbox_id}
    with context.store.read() as connection:
        path = [(outbox_id, iter(_earlier(connection, outbox_id)))]
        while path:
            row, before = path[-1]
            following = next((each for each in before if each not in seen), None)
            if following is None:
                order.append(row)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(_earlier(connection, following))))
    return order


def _earlier(connection: Connection, outbox_id: int) -> list[int]:
    """Unpublished rows that hold an earlier event of a recommendation that this one is about."""
    others = and_(outbox.c.published_at.is_(None), outbox.c.id != outbox_id)
    if connection.scalar(select(outbox.c.id).where(others).limit(1)) is None:
        return []
    mine, other = events.alias("mine"), events.alias("other")
    row, before = outbox.alias("row"), outbox.alias("before")
    tie = and_(other.c.revision == mine.c.revision, other.c.at < mine.c.at)
    query = (
        select(before.c.id)
        .distinct()
        .select_from(
            row.join(mine, _of_row(mine, row))
            .join(other, other.c.recommendation_id == mine.c.recommendation_id)
            .join(before, _of_row(other, before))
        )
        .where(
            row.c.id == outbox_id,
            before.c.id != outbox_id,
            before.c.published_at.is_(None),
            or_(other.c.revision < mine.c.revision, tie),
        )
    )
    return sorted(connection.scalars(query))


def _of_row(event: Any, row: Any) -> ColumnElement[bool]:
    """Whether an event goes out with a row: a capture's with the capture, reminders with their batch."""
    return or_(event.c.capture_id == row.c.capture_id, event.c.batch == row.c.event_id)


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
        told_before = _told_before(connection, [telling.event.id for telling in (*told, *plain)])
        _write(connection, context, plan(subscriptions, routed, capture_ref, told_before), now)
        if plain:
            _tell_operators(connection, [telling.event for telling in plain], now)
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


def _describe(context: Context, outbox_id: int, tries: int) -> tuple[list[Telling], list[Telling]]:
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
        .select_from(outbox.join(events, _of_row(events, outbox)))
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


def _store_descriptions(connection: Connection, tellings: Sequence[Telling]) -> None:
    if tellings:
        insert = upsert(connection)(descriptions).on_conflict_do_nothing()
        connection.execute(insert, [encode(telling) for telling in tellings])


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
    posting.note_subscriptions(connection, posting.everyone(context), now)
    posting.post(connection, context, planned.drafts, now)
    kept = [posting.item(subscription, recipient, event) for subscription, recipient, event in planned.kept]
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
