"""From claimed rows to messages that a channel can render: events, meanings, notices, threads, frames."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, select

from monitor.record.settings import Subscription
from monitor.record.store import queries
from monitor.record.store.schema import items, messages, notices
from monitor.record.values import Notice, NoticeType
from workers.configuration import Configuration
from workers.delivery.claiming.claim import Claimed
from workers.messages.coverage import coverage, last_read_at
from workers.messages.describe import described_events
from workers.messages.sample import sample
from workers.values import Cause, DescribedEvent, Message, TransportError, Watch

log = structlog.get_logger(__name__)


class ReceiverGone(Exception):
    """The configuration no longer has the message's receiver; the text says what is missing."""


Loaded = Message | ReceiverGone | TransportError


class EventCache:
    """Events that a job has told of, with their meaning: neither ever changes, and many hear of one."""

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._told: dict[str, DescribedEvent] = {}

    def of(self, connection: Connection, ids: Sequence[str]) -> dict[str, DescribedEvent]:
        """The events of these ids, the store asked for those that were not told of lately."""
        new = [one for one in dict.fromkeys(ids) if one not in self._told]
        found = {one: self._told[one] for one in ids if one in self._told}
        if new:
            fresh = described_events(connection, queries.load_events(connection, ids=new))
            found |= {described.event.id: described for described in fresh}
            self._told |= found
            if len(self._told) > self._most:
                self._told = {}
        return found


def load(
    connection: Connection,
    configuration: Configuration,
    claimed: Sequence[Claimed],
    known: EventCache | None = None,
) -> dict[str, Loaded]:
    """Build messages, by id; in a message's place stands why it cannot be sent."""
    held = _held(connection, [each.id for each in claimed], known or EventCache())
    parents = [each.parent_id for each in claimed if each.parent_id]
    threads = _receipts(connection, parents) if parents else {}
    watch = _watcher(connection)
    return {
        each.id: _load(connection, configuration, each, held.get(each.id, ()), threads, watch)
        for each in claimed
    }


def _load(
    connection: Connection,
    configuration: Configuration,
    claimed: Claimed,
    held: tuple[DescribedEvent, ...],
    threads: Mapping[str, Any],
    watch: Callable[[Subscription, str], Watch],
) -> Loaded:
    subscription = configuration.subscription(claimed.subscription)
    if reason := mismatch(subscription, claimed.channel, claimed.recipient):
        return ReceiverGone(reason)
    assert subscription is not None
    if claimed.cause is Cause.TEST:
        held = (sample(claimed.id, claimed.created_at),)
    if not held and claimed.cause not in (Cause.DIGEST, Cause.NOTICE):
        return TransportError("the message holds no event", permanent=True)
    return Message(
        id=claimed.id,
        subscription=subscription,
        recipient=claimed.recipient,
        cause=claimed.cause,
        created_at=claimed.created_at,
        described_events=held,
        notice=_notice(connection, claimed.notice_id) if claimed.notice_id else None,
        watch=watch(subscription, claimed.cause_ref) if claimed.cause is Cause.DIGEST else None,
        thread=threads.get(claimed.parent_id) if claimed.parent_id else None,
        base_url=configuration.web.base_url,
        operators_address=operators_address(configuration),
        uncertain=claimed.uncertain,
    )


def mismatch(subscription: Subscription | None, channel: str, recipient: str) -> str:
    """Why a message cannot go where it was to go; empty where it can."""
    if subscription is None:
        return "its subscription is no longer in the configuration"
    if subscription.channel != channel:
        return f"its subscription no longer goes by {channel}"
    if recipient not in subscription.recipients():
        return f"its subscription no longer goes to {recipient or 'one end'}"
    return ""


def operators_address(configuration: Configuration) -> str:
    """Where readers of a mail can turn: the operators' first address; empty where they get no mail."""
    return next((to for to in configuration.operators.subscription.recipients() if to), "")


_HELD = (
    select(items.c.message_id, items.c.event_id)
    .where(items.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(items.c.id)
)


def _held(
    connection: Connection, ids: Sequence[str], known: EventCache
) -> dict[str, tuple[DescribedEvent, ...]]:
    """What messages hold, in the order in which it was put there."""
    pairs = [(row.message_id, row.event_id) for row in connection.execute(_HELD, {"ids": ids})]
    told = known.of(connection, [event for _, event in pairs])
    held: dict[str, list[DescribedEvent]] = {}
    for message, event in pairs:
        held.setdefault(message, []).append(told[event])
    return {message: tuple(some) for message, some in held.items()}


def _receipts(connection: Connection, parents: Iterable[str]) -> dict[str, Any]:
    """What receivers gave for the summaries that threads hang from; nothing for one that never went out."""
    sent = select(messages.c.id, messages.c.receipt).where(
        messages.c.id.in_(list(parents)), messages.c.state == "sent"
    )
    return {row.id: row.receipt for row in connection.execute(sent) if row.receipt}


def _notice(connection: Connection, notice_id: str) -> Notice:
    row = connection.execute(select(notices).where(notices.c.id == notice_id)).mappings().one()
    names = ("id", "at", "concerns", "outcome", "message", "since")
    return Notice(type=NoticeType(row["type"]), **{name: row[name] for name in names})


def _watcher(connection: Connection) -> Callable[[Subscription, str], Watch]:
    """Counts a subscription once for all its recipients."""
    counted: dict[str, Watch] = {}

    def watch(subscription: Subscription, slot: str) -> Watch:
        known = counted.get(subscription.id + slot)
        if known is None:
            total = coverage(connection, [subscription])[subscription.id].total
            known = counted[subscription.id + slot] = Watch(
                total, last_read_at(connection, subscription), slot
            )
        return known

    return watch
