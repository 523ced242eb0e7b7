"""Writes messages and their items. Every maker of messages does it here, inside its own transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from monitor.record.ids import new_id
from monitor.record.settings import Subscription
from monitor.record.store.schema import items, messages, subscriptions
from monitor.record.store.store import upsert
from monitor.record.values import Event
from workers.context import Context
from workers.messages.planning import FIRST, DigestItem, PlannedMessage


def store_messages(
    connection: Connection, context: Context, planned: Sequence[PlannedMessage], now: datetime
) -> list[str]:
    """Insert messages with their items, due now; gives the ids in the order given, threads left out.

    A message whose (subscription, recipient, cause, cause_ref) is taken fails the transaction.
    """
    batch = _Batch(context, now)
    ids = [batch.add(message) for message in planned]
    if batch.messages:
        connection.execute(messages.insert(), batch.messages)
    if batch.items:
        connection.execute(items.insert(), batch.items)
    return ids


def store_digest_items(connection: Connection, waiting: Sequence[DigestItem]) -> None:
    """Insert items without a message: they wait for a digest."""
    rows = [_item(each.subscription, each.recipient, each.event) for each in waiting]
    if rows:
        connection.execute(items.insert(), rows)


class _Batch:
    """Rows to insert."""

    def __init__(self, context: Context, now: datetime) -> None:
        self._context = context
        self._now = now
        self.messages: list[dict[str, Any]] = []
        self.items: list[dict[str, Any]] = []

    def add(self, planned: PlannedMessage, parent: str | None = None) -> str:
        message = new_id("msg")
        # A microsecond apart: messages that are due together go out in the order of the plan.
        created_at = self._now + timedelta(microseconds=len(self.messages))
        self.messages.append(
            self._row(planned) | {"id": message, "parent_id": parent, "created_at": created_at}
        )
        self.items += (
            _item(planned.subscription.id, planned.recipient, event)
            | {"cause_class": planned.cause_class, "message_id": message}
            for event in planned.events
        )
        for reply in planned.thread:
            self.add(reply, message)
        return message

    def _row(self, planned: PlannedMessage) -> dict[str, Any]:
        return {
            "subscription": planned.subscription.id,
            "channel": planned.subscription.channel,
            "recipient": planned.recipient,
            "cause": str(planned.cause),
            "cause_ref": planned.cause_ref,
            "notice_id": planned.notice_id,
            "state": "waiting",
            "due_at": self._now,
            "host": host_of(self._context, planned.subscription),
        }


def _item(subscription: str, recipient: str, event: Event) -> dict[str, Any]:
    return {
        "event_id": event.id,
        "subscription": subscription,
        "recipient": recipient,
        "cause_class": FIRST,
        "recommendation_id": event.recommendation_id,
        "revision": event.revision,
        "message_id": None,
    }


def host_of(context: Context, subscription: Subscription) -> str:
    """What the subscription's messages are limited and paced by."""
    return context.channels[subscription.channel].host(subscription, context.configuration)


def everyone(context: Context) -> Iterator[Subscription]:
    """All subscriptions, the operators' last."""
    yield from context.configuration.subscriptions
    yield context.configuration.operators.subscription


def register_subscriptions(connection: Connection, everybody: Iterable[Subscription], now: datetime) -> None:
    """Give each subscription that is new its row."""
    rows = [{"id": each.id, "first_seen_at": now} for each in everybody]
    connection.execute(upsert(connection)(subscriptions).on_conflict_do_nothing(), rows)
