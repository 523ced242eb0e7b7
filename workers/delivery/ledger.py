"""The ledger of messages: what `deliveries`, `redeliver`, `replay`, `subscriptions` need.

Functions that write take a connection of `Store.write`; wake the dispatchers after it has committed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, select, update

from monitor.record.batches import batched
from monitor.record.settings import Subscription
from monitor.record.store import queries
from monitor.record.store.schema import attempts, events, items, messages, subscriptions
from monitor.record.store.store import upsert
from monitor.record.store.undelivered import PAUSED_BY_HAND
from monitor.record.values import Event
from workers.context import Context
from workers.delivery.claiming.settling import requeue
from workers.delivery.handover import hand_over, hand_over_waiting, stranded
from workers.delivery.health import waiting_for_digests
from workers.delivery.loading import mismatch
from workers.delivery.successors import Successors
from workers.messages import storing
from workers.messages.describe import described_events
from workers.messages.planning import FIRST, PlannedMessage, route
from workers.values import Cause

STATES = ("waiting", "sent", "dead", "cancelled")


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One message as the ledger has it. `events` are ids, in its order; `due_at` is None once settled."""

    id: str
    subscription: str
    channel: str
    recipient: str
    cause: str
    cause_ref: str
    state: str
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    attempts: int
    uncertain: bool
    error: str | None
    events: tuple[str, ...]


def deliveries(
    connection: Connection,
    *,
    state: str | None = None,
    subscription: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> list[LedgerEntry]:
    """Messages, the newest first."""
    query = select(messages).order_by(messages.c.created_at.desc(), messages.c.id)
    if state is not None:
        query = query.where(messages.c.state == state)
    if subscription is not None:
        query = query.where(messages.c.subscription == subscription)
    if ids is not None:
        query = query.where(messages.c.id.in_(ids))
    rows = connection.execute(query.limit(limit)).mappings().all()
    held = _events_of(connection, [row["id"] for row in rows])
    return [_entry(row, held.get(row["id"], ())) for row in rows]


def _entry(row: RowMapping, held: tuple[str, ...]) -> LedgerEntry:
    names = ("id", "subscription", "channel", "recipient", "cause", "cause_ref", "state", "created_at")
    return LedgerEntry(
        **{name: row[name] for name in names},
        due_at=row["due_at"] if row["state"] == "waiting" else None,
        sent_at=row["sent_at"],
        attempts=row["attempts"],
        uncertain=row["uncertain"],
        error=row["error"],
        events=held,
    )


def _events_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    held: dict[str, tuple[str, ...]] = {}
    for batch in batched(ids):
        some = items.c.message_id.in_(batch)
        query = select(items.c.message_id, items.c.event_id).where(some).order_by(items.c.id)
        for message, event in connection.execute(query):
            held[message] = (*held.get(message, ()), event)
    return held


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its outcome is sent, transient, permanent, throttled or unknown."""

    at: datetime
    outcome: str
    seconds: float | None
    detail: str | None
    repeats: int = 1  # so many attempts like it were folded into one, the first of them at `since`
    since: datetime | None = None


def attempts_of(connection: Connection, message_id: str) -> list[Attempt]:
    """The attempts of a message, in their order."""
    query = select(attempts).where(attempts.c.message_id == message_id).order_by(attempts.c.id)
    return [
        Attempt(**{name: row[name] for name in ("at", "outcome", "seconds", "detail", "repeats", "since")})
        for row in connection.execute(query).mappings()
    ]


def by_state(connection: Connection) -> dict[str, dict[str, int]]:
    """How many messages each channel has in each state."""
    query = select(messages.c.channel, messages.c.state, func.count()).group_by(
        messages.c.channel, messages.c.state
    )
    counts: dict[str, dict[str, int]] = {}
    for channel, state, count in connection.execute(query):
        counts.setdefault(channel, {})[state] = count
    return counts


@dataclass(frozen=True, slots=True)
class Redelivered:
    """Ids that are back in line, and why others are not."""

    ids: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)


def redeliver(
    connection: Connection, context: Context, now: datetime, ids: Sequence[str] | None = None
) -> Redelivered:
    """Put messages back in line under their old ids, whatever became of them; without ids, all dead ones."""
    query = select(messages).order_by(messages.c.created_at, messages.c.id)
    no_test = messages.c.cause != Cause.TEST
    dead = and_(messages.c.state == "dead", no_test)
    query = query.where(dead) if ids is None else query.where(messages.c.id.in_(ids))
    rows = {row["id"]: row for row in connection.execute(query.with_for_update()).mappings()}
    refused = {each: "there is no such message" for each in ids or () if each not in rows}
    became = Successors(connection, context)
    back: list[str] = []
    for row in rows.values():
        reason = mismatch(
            context.configuration.subscription(row["subscription"]), row["channel"], row["recipient"]
        )
        ends = became.of(row["subscription"], row["recipient"])
        if obstacle := _obstacle(row, now) or (reason if not ends else ""):
            refused[row["id"]] = obstacle
        elif reason:
            back += hand_over(connection, context, [row["id"]], ends, now)
        else:
            requeue(connection, [row["id"]], now)
            back.append(row["id"])
    return Redelivered(tuple(back), refused)


def redeliver_to(
    connection: Connection,
    context: Context,
    subscription: Subscription,
    now: datetime,
    ids: Sequence[str] | None = None,
) -> Redelivered:
    """Send messages to another subscription; without ids, all that waits for ends that became nothing."""
    hand_over_waiting(connection, context, now)
    left = {(each.subscription, each.recipient) for each in stranded(connection, context)}
    query = select(messages).order_by(messages.c.created_at, messages.c.id)
    wanted = messages.c.state == "cancelled" if ids is None else messages.c.id.in_(ids)
    rows = connection.execute(query.where(wanted).with_for_update()).mappings().all()
    found = {row["id"] for row in rows}
    refused = {each: "there is no such message" for each in ids or () if each not in found}
    ends = [(subscription.id, recipient) for recipient in subscription.recipients()]
    back: list[str] = []
    for row in rows:
        if ids is None and (row["subscription"], row["recipient"]) not in left:
            continue
        if obstacle := _obstacle(row, now):
            refused[row["id"]] = obstacle
        else:
            back += hand_over(connection, context, [row["id"]], ends, now)
    return Redelivered(tuple(back), {} if ids is None else refused)


def _obstacle(row: RowMapping, now: datetime) -> str:
    if row["cause"] == Cause.TEST:
        return "a test is sent once; recwatch test-notify sends another"
    return "it is being sent" if row["lease_until"] is not None and row["lease_until"] > now else ""


def replay(
    connection: Connection,
    context: Context,
    since: datetime,
    now: datetime,
    subscription: Subscription | None = None,
) -> list[str]:
    """Send the events since a time again: new messages, marked as replayed, to whom they match now.

    Imported history stays silent. A subscription with digests gets one message to each recipient.
    """
    again = described_events(connection, _events_since(connection, since))
    listeners = context.configuration.subscriptions if subscription is None else (subscription,)
    routed = route(listeners, again)
    planned: list[PlannedMessage] = []
    for each in listeners:
        number = _next_replay(connection, each.id)
        matched = [described.event for described in routed[each.id]]
        planned += _replays(each, matched, number)
    storing.register_subscriptions(connection, listeners, now)
    return storing.store_messages(connection, context, planned, now)


def _events_since(connection: Connection, since: datetime) -> list[Event]:
    """What happened since, and what was first sent since: a page may be read long after it was captured."""
    happened = select(events.c.id).where(events.c.at >= since)
    sent = (
        select(items.c.event_id)
        .join(messages, messages.c.id == items.c.message_id)
        .where(items.c.cause_class == FIRST, messages.c.created_at >= since)
    )
    query = (
        select(events.c.id)
        .where(events.c.id.in_(happened.union(sent)), events.c.silent.is_(False))
        .order_by(events.c.at, events.c.recommendation_id, events.c.revision)
    )
    return queries.load_events(connection, ids=list(connection.scalars(query)))


def _next_replay(connection: Connection, subscription: str) -> int:
    before = select(messages.c.cause_ref).where(
        messages.c.subscription == subscription, messages.c.cause == Cause.REPLAY
    )
    numbers = (int(ref.partition(":")[0]) for ref in connection.scalars(before))
    return max(numbers, default=0) + 1


def _replays(subscription: Subscription, matched: Sequence[Event], number: int) -> Iterable[PlannedMessage]:
    cause_class = f"replay:{number}"
    for recipient in subscription.recipients():
        if subscription.digest is not None and matched:
            ref = f"{number}:digest"
            yield PlannedMessage(subscription, recipient, Cause.REPLAY, ref, tuple(matched), cause_class)
        elif subscription.digest is None:
            for event in matched:
                ref = f"{number}:{event.id}"
                yield PlannedMessage(subscription, recipient, Cause.REPLAY, ref, (event,), cause_class)


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription in the store: since when and why it is paused, and its messages by state."""

    id: str
    channel: str
    first_seen_at: datetime | None
    paused_at: datetime | None
    reason: str | None
    counts: dict[str, int]
    for_digest: int = 0  # changes that wait for its next digest


def subscriptions_now(connection: Connection, context: Context) -> list[SubscriptionState]:
    """The configured subscriptions, the operators' last."""
    rows: dict[str, Any] = {row["id"]: row for row in connection.execute(select(subscriptions)).mappings()}
    query = select(messages.c.subscription, messages.c.state, func.count()).group_by(
        messages.c.subscription, messages.c.state
    )
    counts: dict[str, dict[str, int]] = {}
    for name, state, count in connection.execute(query):
        counts.setdefault(name, {})[state] = count
    kept = waiting_for_digests(connection)
    nothing = {"first_seen_at": None, "paused_at": None, "reason": None}
    return [
        SubscriptionState(
            each.id,
            each.channel,
            **{name: rows.get(each.id, nothing)[name] for name in nothing},
            counts=counts.get(each.id, {}),
            for_digest=kept.get(each.id, 0),
        )
        for each in storing.everyone(context)
    ]


def pause(connection: Connection, subscription: str, now: datetime) -> bool:
    """Hold a subscription's messages back, unaged; False where it was paused already."""
    row = {"id": subscription, "first_seen_at": now}
    connection.execute(upsert(connection)(subscriptions).values(row).on_conflict_do_nothing())
    running = (subscriptions.c.id == subscription) & subscriptions.c.paused_at.is_(None)
    values = {"paused_at": now, "reason": PAUSED_BY_HAND}
    return connection.execute(update(subscriptions).where(running).values(values)).rowcount == 1


def resume(connection: Connection, subscription: str, now: datetime) -> bool:
    """Let a subscription's messages go, in the order in which they were made; False if it was not paused."""
    paused = (subscriptions.c.id == subscription) & subscriptions.c.paused_at.is_not(None)
    values = {"paused_at": None, "reason": None}
    if connection.execute(update(subscriptions).where(paused).values(values)).rowcount == 0:
        return False
    # One moment for all: what is due alike goes out by when it was made.
    waiting = (messages.c.subscription == subscription) & (messages.c.state == "waiting")
    connection.execute(update(messages).where(waiting).values(due_at=now, enqueued_until=None, blocked=False))
    return True
