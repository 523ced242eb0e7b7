"""What keeps deliveries: for `status`, `doctor`, the pages, and the log (promise 9)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from monitor.record.settings import Subscription
from monitor.record.store.schema import items, messages, subscriptions
from monitor.record.store.undelivered import oldest_undelivered, stuck_since

__all__ = [
    "OperatorsTrouble",
    "oldest_undelivered",
    "operators_trouble",
    "stuck_since",
    "waiting_for_digests",
]


@dataclass(frozen=True, slots=True)
class OperatorsTrouble:
    """Operators cannot be told: since when, why, and how many notices wait or are dead."""

    since: datetime
    reason: str
    notices: int


def operators_trouble(connection: Connection) -> OperatorsTrouble | None:
    """Whether the operators' own channel fails; None while it works, as far as it was tried."""
    mine = messages.c.subscription == Subscription.OPERATORS
    arrived: datetime | None = connection.scalar(select(func.max(messages.c.sent_at)).where(mine))
    failing = and_(mine, messages.c.cause == "notice", messages.c.state.in_(("waiting", "dead")))
    if arrived is not None:
        failing = and_(failing, messages.c.created_at > arrived)
    tried = and_(failing, messages.c.error.is_not(None))
    count = connection.scalar(select(func.count()).select_from(messages).where(failing)) or 0
    paused = connection.execute(
        select(subscriptions).where(
            subscriptions.c.id == Subscription.OPERATORS, subscriptions.c.paused_at.is_not(None)
        )
    ).one_or_none()
    if paused is not None:
        return OperatorsTrouble(paused.paused_at, f"paused: {paused.reason}", count)
    first = connection.execute(
        select(messages).where(tried).order_by(messages.c.created_at).limit(1)
    ).one_or_none()
    return None if first is None else OperatorsTrouble(first.created_at, first.error, count)


def waiting_for_digests(connection: Connection) -> dict[str, int]:
    """How many changes wait for each subscription's next digest."""
    query = (
        select(items.c.subscription, func.count())
        .where(items.c.message_id.is_(None))
        .group_by(items.c.subscription)
    )
    return {row[0]: row[1] for row in connection.execute(query)}
