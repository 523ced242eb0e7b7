"""Turns an outbox row into messages: describe its events, route them, store it all in one transaction."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection, RowMapping, and_, or_, select, update

from monitor.record.batches import batched
from monitor.record.ids import new_id
from monitor.record.store import queries
from monitor.record.store.schema import descriptions, events, items, notices, outbox
from monitor.record.store.store import StoreError, upsert
from monitor.record.values import Event, NoticeType
from workers.context import Context
from workers.messages import storing
from workers.messages.describe import describe_each, describe_plainly, encode
from workers.messages.ordering import EVENTS_OF_ROW, rows_in_order
from workers.messages.planning import FIRST, ItemKey, Plan, plan, route
from workers.values import DescribedEvent

log = structlog.get_logger(__name__)

_TRIES = 3  # to describe; after that the texts alone go out
_SOON = timedelta(seconds=2)
_UNPUBLISHED = select(outbox.c.id).where(outbox.c.published_at.is_(None)).order_by(outbox.c.id)


def fan_out(context: Context, outbox_id: int, now: datetime | None = None) -> bool:
    """Make the messages of an outbox row; False where that was done before.

    Rows with earlier events of the same recommendations are done first, whichever job came first:
    what goes out for one recommendation goes out in its revisions' order (invariant 8).
    """
    with context.store.read() as connection:
        rows = rows_in_order(connection, outbox_id)
    done = False
    for each in rows:
        done = _fan_out_one(context, each, now or datetime.now(UTC)) or done
    return done


def fan_out_all(context: Context, now: datetime) -> None:
    """Make the messages of every row that waits for a worker to describe it."""
    with context.store.read() as connection:
        waiting = list(connection.scalars(_UNPUBLISHED))
    for each in waiting:
        fan_out(context, each, now)


def unpublished(connection: Connection) -> list[Event]:
    """The events that no messages were made of yet, in the order in which they will be."""
    return [event for each in connection.scalars(_UNPUBLISHED).all() for event in _events(connection, each)]


def put_back(context: Context, outbox_id: int) -> None:
    """Have a row that could not be described tried again soon: shorten its mark."""
    soon = datetime.now(UTC) + _SOON
    mine = and_(outbox.c.id == outbox_id, outbox.c.published_at.is_(None))
    with suppress(StoreError), context.store.write() as connection:
        connection.execute(update(outbox).where(mine).values(enqueued_until=soon))


def _fan_out_one(context: Context, outbox_id: int, now: datetime) -> bool:
    tries = _count_try(context, outbox_id)
    if tries is None:
        return False
    described, plain = _describe(context, outbox_id, tries)
    everything = [*described, *plain]
    subscriptions = context.configuration.subscriptions
    routed = route(subscriptions, everything)
    with context.store.write() as connection:
        row = _lock(connection, outbox_id)
        if row is None:
            return False
        _store_descriptions(connection, everything)
        already = _already_stored(connection, [each.event.id for each in everything])
        ref = str(row["capture_id"] or row["event_id"])
        _store(connection, context, plan(subscriptions, routed, ref, already), now)
        if plain:
            _notify_operators(connection, [each.event for each in plain], now)
        # Invariant 2: the row is marked only here, in the transaction that makes its messages.
        connection.execute(update(outbox).where(outbox.c.id == outbox_id).values(published_at=now))
    return True


def _count_try(context: Context, outbox_id: int) -> int | None:
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
            return [], [describe_plainly(event) for event in loaded]
        described, failed = describe_each(connection, loaded)
    if failed and tries < _TRIES:
        again = _count_try(context, outbox_id)
        return _describe(context, outbox_id, _TRIES if again is None else again)
    return described, [describe_plainly(event) for event in failed]


def _events(connection: Connection, outbox_id: int) -> list[Event]:
    """The row's events that are not silent, as imported history is."""
    query = (
        select(events.c.id)
        .select_from(outbox.join(events, or_(*EVENTS_OF_ROW)))
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


def _store_descriptions(connection: Connection, described_events: list[DescribedEvent]) -> None:
    if described_events:
        insert = upsert(connection)(descriptions).on_conflict_do_nothing()
        connection.execute(insert, [encode(described) for described in described_events])


def _already_stored(connection: Connection, ids: list[str]) -> set[ItemKey]:
    found: set[ItemKey] = set()
    for batch in batched(ids):
        columns = select(items.c.event_id, items.c.subscription, items.c.recipient)
        rows = connection.execute(columns.where(items.c.event_id.in_(batch), items.c.cause_class == FIRST))
        found.update((row.event_id, row.subscription, row.recipient) for row in rows)
    return found


def _store(connection: Connection, context: Context, planned: Plan, now: datetime) -> None:
    storing.register_subscriptions(connection, storing.everyone(context), now)
    storing.store_messages(connection, context, planned.messages, now)
    storing.store_digest_items(connection, planned.digest_items)


def _notify_operators(connection: Connection, plain: list[Event], now: datetime) -> None:
    """Say that events went out without their meaning."""
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
            "message": f"what {words} mean could not be worked out ({first.id} first); "
            "they went out with both texts in full",
            "since": now,
        },
    )
