"""What operators hear of deliveries: a subscription was paused, or the first of its messages is dead."""

from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, and_, func, select, true, update

from monitor.record.ids import new_id
from monitor.record.settings import Subscription
from monitor.record.store.schema import attempts, messages, notices, subscriptions
from monitor.record.store.store import upsert
from monitor.record.values import NoticeType
from workers.values import Cause

log = structlog.get_logger(__name__)


def pause(connection: Connection, subscription: str, reason: str, now: datetime) -> None:
    """Pause a subscription because its receiver wants no more; operators hear of it once."""
    row = {"id": subscription, "first_seen_at": now}
    connection.execute(upsert(connection)(subscriptions).values(row).on_conflict_do_nothing())
    running = and_(subscriptions.c.id == subscription, subscriptions.c.paused_at.is_(None))
    paused = connection.execute(update(subscriptions).where(running).values(paused_at=now, reason=reason))
    log.warning("subscription paused", subscription=subscription, reason=reason)
    if paused.rowcount and subscription != Subscription.OPERATORS:
        words = (
            f"{reason}; its messages wait. When that is mended: recwatch subscriptions resume {subscription}"
        )
        notify(connection, NoticeType.PAUSED, subscription, "paused", words, now)


def notify_dead(connection: Connection, message_id: str, now: datetime) -> None:
    """Tell operators, once for all that a receiver misses until something reaches it again."""
    row = connection.execute(select(messages).where(messages.c.id == message_id)).mappings().one()
    log.error("message given up", message_id=message_id, subscription=row["subscription"], error=row["error"])
    if row["subscription"] == Subscription.OPERATORS or _already_notified(connection, row, now):
        return
    to = f" to {row['recipient']}" if row["recipient"] else ""
    words = (
        f"message {message_id}{to} was given up: {row['error']}. Until one arrives, others are "
        "not announced; recwatch deliveries --state dead lists them, recwatch redeliver --dead sends them"
    )
    since: datetime = row["created_at"]
    notify(connection, NoticeType.DEAD, row["subscription"], "dead", words, now, since)


_STATES = ("waiting", "sent", "dead", "cancelled")


def _already_notified(connection: Connection, row: Any, now: datetime) -> bool:
    """Whether another message to the same receiver died since one last arrived there."""
    theirs = and_(messages.c.subscription == row["subscription"], messages.c.recipient == row["recipient"])
    newest = select(func.max(messages.c.sent_at)).where(theirs, messages.c.sent_at <= now)
    # Each state is a range of one index, whose end is looked up; all of them at once is a receiver's history.
    moments = [connection.scalar(newest.where(messages.c.state == state)) for state in _STATES]
    arrived = max((moment for moment in moments if moment is not None), default=None)
    after = attempts.c.at > arrived if arrived is not None else true()
    other = (
        select(messages.c.id)
        .join(attempts, attempts.c.message_id == messages.c.id)
        .where(theirs, messages.c.state == "dead", messages.c.id != row["id"], messages.c.cause != Cause.TEST)
        .where(after)
        .limit(1)
    )
    return connection.scalar(other) is not None


def notify(
    connection: Connection,
    kind: NoticeType,
    concerns: str,
    outcome: str,
    message: str,
    now: datetime,
    since: datetime | None = None,
) -> None:
    row = {"id": new_id("evt"), "type": str(kind), "at": now, "concerns": concerns, "outcome": outcome}
    connection.execute(notices.insert(), row | {"message": message, "since": since or now})
