"""Digests: one transaction takes a slot, makes its message, and puts every event that waits for it in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, delete, func, select, update

from monitor.record.settings import Subscription
from monitor.record.store import queries
from monitor.record.store.schema import digests, items, subscriptions
from monitor.record.store.store import upsert
from workers.context import Context
from workers.delivery.handover import send_items
from workers.delivery.loading import operators_address
from workers.messages import storing
from workers.messages.coverage import coverage, last_read_at
from workers.messages.describe import described_events
from workers.messages.fanout import unpublished
from workers.messages.planning import FIRST, PlannedMessage, route
from workers.schedule.digest_times import next_slot, slot_at_or_before
from workers.schedule.interval import Interval
from workers.values import Cause, Message, Watch

_LEFTOVERS_EVERY = timedelta(minutes=1)  # only another configuration leaves any


@dataclass(slots=True)
class SlotMemory:
    """What one process has seen: the newest slot that is over, by subscription and recipient.

    Dispatchers ask every second, and the table grows with every slot.
    """

    newest: dict[tuple[str, str], str] = field(default_factory=dict)
    leftovers: Interval = field(default_factory=lambda: Interval(_LEFTOVERS_EVERY))


@dataclass(frozen=True, slots=True)
class _DueDigest:
    subscription: Subscription
    recipient: str
    slot: datetime
    send_empty: bool


def name_of(slot: datetime) -> str:
    """How a slot is stored: UTC to the second, so that text order is time order."""
    return slot.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_slot_of(subscription: Subscription, now: datetime) -> datetime | None:
    """When the subscription's next digest is due; None where it has none."""
    if subscription.digest is None:
        return None
    return next_slot(subscription.digest, ZoneInfo(subscription.timezone), now)


def make_due(context: Context, now: datetime, memory: SlotMemory | None = None) -> int:
    """Make the digests whose slot has come; several slots that were missed make one."""
    with context.store.read() as connection:
        due = list(_due(connection, context, memory or SlotMemory(), now))
    made = 0
    for each in due:
        with context.store.write() as connection:
            made += _make(connection, context, each, now) is not None
    return made


def _due(connection: Connection, context: Context, memory: SlotMemory, now: datetime) -> Iterator[_DueDigest]:
    paused = set(connection.scalars(select(subscriptions.c.id).where(subscriptions.c.paused_at.is_not(None))))
    leftovers = _leftovers(connection, memory, now)
    for each in context.configuration.subscriptions:
        if each.id in paused:
            continue  # what was missed makes one digest when it is resumed
        for recipient in each.recipients():
            if each.digest is None:
                # It was a digest until the configuration changed: what waited for its slot goes out now.
                if (each.id, recipient) in leftovers:
                    yield _DueDigest(each, recipient, now, send_empty=False)
                continue
            slot = slot_at_or_before(each.digest, ZoneInfo(each.timezone), now)
            due = _DueDigest(each, recipient, slot, each.when_empty == "send")
            if not _is_over(connection, memory, due, now):
                yield due


def _is_over(connection: Connection, memory: SlotMemory, due: _DueDigest, now: datetime) -> bool:
    """Whether this slot's digest was made, or the subscription is younger than it."""
    receiver, slot = (due.subscription.id, due.recipient), name_of(due.slot)
    if slot <= memory.newest.get(receiver, "") <= name_of(now):
        return True
    memory.newest[receiver] = _newest_slot(connection, *receiver, now)
    return slot <= memory.newest[receiver]


def _newest_slot(connection: Connection, subscription: str, recipient: str, now: datetime) -> str:
    """Those in the future, made by a clock that ran ahead, are not over."""
    theirs = and_(digests.c.subscription == subscription, digests.c.recipient == recipient)
    query = select(func.max(digests.c.slot)).where(theirs, digests.c.slot <= name_of(now))
    if newest := connection.scalar(query):
        return str(newest)
    begun: datetime | None = connection.scalar(
        select(subscriptions.c.first_seen_at).where(subscriptions.c.id == subscription)
    )
    return name_of(begun or now)


def _leftovers(connection: Connection, memory: SlotMemory, now: datetime) -> set[tuple[str, str]]:
    """Who has items that wait for a digest; empty if asked less than a minute ago."""
    if not memory.leftovers.is_due(now):
        return set()
    memory.leftovers.done(now)
    waiting = select(items.c.subscription, items.c.recipient).where(items.c.message_id.is_(None)).distinct()
    return {(row.subscription, row.recipient) for row in connection.execute(waiting)}


def make_now(
    connection: Connection, context: Context, subscription: Subscription, now: datetime
) -> list[str]:
    """Make the digest of what waits now, whatever the schedule says; gives its messages' ids, if any."""
    made = (
        _make(connection, context, _DueDigest(subscription, recipient, now, send_empty=False), now)
        for recipient in subscription.recipients()
    )
    return [message for message in made if message is not None]


def _make(connection: Connection, context: Context, due: _DueDigest, now: datetime) -> str | None:
    """Take the slot and everything that waits for it; None where another was first, or it stays unsent."""
    slot = name_of(due.slot)
    row = {"subscription": due.subscription.id, "recipient": due.recipient, "slot": slot, "made_at": now}
    taken = upsert(connection)(digests).values(row).on_conflict_do_nothing().returning(digests.c.slot)
    if connection.scalar(taken) is None:
        return None
    waiting = and_(
        items.c.message_id.is_(None),
        items.c.subscription == due.subscription.id,
        items.c.recipient == due.recipient,
        items.c.cause_class == FIRST,
    )
    empty = connection.scalar(select(items.c.id).where(waiting).limit(1)) is None
    if empty and not due.send_empty:
        _forget_older(connection, due, slot)
        return None
    if due.subscription.channel == "webhook":  # it had a digest as another channel; a body holds one event
        held = connection.scalars(select(items.c.event_id).where(waiting).order_by(items.c.id)).all()
        sent = send_items(connection, context, (due.subscription.id, due.recipient), held, now)
        return sent[0] if sent else None
    planned = PlannedMessage(due.subscription, due.recipient, Cause.DIGEST, slot)
    [message] = storing.store_messages(connection, context, [planned], now)
    connection.execute(update(items).where(waiting).values(message_id=message))
    mine = and_(*(digests.c[name] == row[name] for name in ("subscription", "recipient", "slot")))
    connection.execute(update(digests).where(mine).values(message_id=message))
    return message


def _forget_older(connection: Connection, due: _DueDigest, slot: str) -> None:
    """The newest slot says which are over: empty ones before it would only pile up, one a day for years."""
    theirs = and_(digests.c.subscription == due.subscription.id, digests.c.recipient == due.recipient)
    older = and_(theirs, digests.c.slot < slot, digests.c.message_id.is_(None))
    connection.execute(delete(digests).where(older))


def preview(
    connection: Connection, context: Context, subscription: Subscription, now: datetime
) -> list[Message]:
    """What the next digest holds so far, one message for each recipient; nothing is stored.

    What no worker has described yet is in it: without `up`, nobody does so before the next `once`.
    """
    watched = coverage(connection, [subscription])[subscription.id].total
    slot = next_slot_of(subscription, now) or now
    watch = Watch(watched, last_read_at(connection, subscription), name_of(slot))
    configuration = context.configuration
    coming = route([subscription], described_events(connection, unpublished(connection)))[subscription.id]
    return [
        Message(
            id="msg_preview",
            subscription=subscription,
            recipient=recipient,
            cause=Cause.DIGEST,
            created_at=now,
            described_events=(
                *described_events(connection, queries.load_events(connection, ids=waiting)),
                *coming,
            ),
            watch=watch,
            base_url=configuration.web.base_url,
            operators_address=operators_address(configuration),
        )
        for recipient, waiting in _waiting(connection, subscription).items()
    ]


def _waiting(connection: Connection, subscription: Subscription) -> dict[str, list[str]]:
    query = (
        select(items.c.recipient, items.c.event_id)
        .where(items.c.message_id.is_(None), items.c.subscription == subscription.id)
        .order_by(items.c.id)
    )
    found: dict[str, list[str]] = {recipient: [] for recipient in subscription.recipients()}
    for recipient, event in connection.execute(query):
        if recipient in found:
            found[recipient].append(event)
    return found
