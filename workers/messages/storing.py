"""Writes messages and their items; whoever makes messages does it here, inside its own transaction."""

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
from workers.messages.planning import FIRST, Draft


def post(connection: Connection, context: Context, drafts: Sequence[Draft], now: datetime) -> list[str]:
    """Insert messages with their items, due now; gives the ids, in the drafts' order, threads left out.

    A draft whose (subscription, recipient, cause, cause_ref) is taken fails the transaction.
    """
    rows: list[dict[str, Any]] = []
    held: list[dict[str, Any]] = []
    ids = [_collect(context, draft, None, now, rows, held) for draft in drafts]
    if rows:
        connection.execute(messages.insert(), rows)
    if held:
        connection.execute(items.insert(), held)
    return ids


def _collect(
    context: Context,
    draft: Draft,
    parent: str | None,
    now: datetime,
    rows: list[dict[str, Any]],
    held: list[dict[str, Any]],
) -> str:
    # A microsecond apart: what is due alike goes out in the order of the drafts.
    row = _message(context, draft, parent, now) | {"created_at": now + timedelta(microseconds=len(rows))}
    rows.append(row)
    held += (
        item(draft.subscription.id, draft.recipient, event, draft.cause_class, row["id"])
        for event in draft.events
    )
    for child in draft.thread:
        _collect(context, child, row["id"], now, rows, held)
    return str(row["id"])


def _message(context: Context, draft: Draft, parent: str | None, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id("msg"),
        "subscription": draft.subscription.id,
        "channel": draft.subscription.channel,
        "recipient": draft.recipient,
        "cause": str(draft.cause),
        "cause_ref": draft.cause_ref,
        "notice_id": draft.notice_id,
        "parent_id": parent,
        "state": "waiting",
        "due_at": now,
        "host": host_of(context, draft.subscription),
    }


def host_of(context: Context, subscription: Subscription) -> str:
    """What the subscription's messages are limited and paced by."""
    return context.channels[subscription.channel].host(subscription, context.configuration)


def item(
    subscription: str, recipient: str, event: Event, cause_class: str = FIRST, message: str | None = None
) -> dict[str, Any]:
    """A row of `items`; without a message it waits for a digest's slot."""
    return {
        "event_id": event.id,
        "subscription": subscription,
        "recipient": recipient,
        "cause_class": cause_class,
        "recommendation_id": event.recommendation_id,
        "revision": event.revision,
        "message_id": message,
    }


def everyone(context: Context) -> Iterator[Subscription]:
    """All subscriptions, the operators' last."""
    yield from context.configuration.subscriptions
    yield context.configuration.operators.subscription


def note_subscriptions(connection: Connection, everybody: Iterable[Subscription], now: datetime) -> None:
    """Give each subscription that was not seen before its row: from then on it is told."""
    rows = [{"id": each.id, "first_seen_at": now} for each in everybody]
    connection.execute(upsert(connection)(subscriptions).on_conflict_do_nothing(), rows)
