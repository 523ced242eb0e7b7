"""Once a message arrives at a receiver that was away, the others that failed meanwhile are due at once.

The last waits of the retry schedule are a day long; a receiver that is back should not wait for them.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, and_, func, select, update

from monitor.record.batches import batched
from monitor.record.store.schema import attempts, messages
from monitor.record.store.store import Store
from workers.delivery.policy import LONGEST_WAIT
from workers.values import Cause

log = structlog.get_logger(__name__)

_Receiver = tuple[str, str]  # subscription and recipient


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    created_at: datetime
    tried_at: datetime


def catch_up(store: Store, now: datetime) -> int:
    """Make due now what failed before its receiver was back, in the order in which it was made; how many.

    A message is brought forward once: one that is refused while others are accepted keeps to the schedule.
    """
    with store.read() as connection:
        back = [
            message
            for receiver, since in _receivers(connection, now)
            for message in _to_bring_forward(connection, receiver, since, now)
        ]
    if back:
        log.info("receivers are back; what waited for them is due now", messages=len(back))
        _make_due(store, back, now)
    return len(back)


def _make_due(store: Store, back: Sequence[str], now: datetime) -> None:
    for batch in batched(back):
        still = and_(messages.c.id.in_(batch), _failed_and_idle(now))
        with store.write() as connection:
            # By when each was made: in order with those that waited behind them, untried.
            due = {"due_at": messages.c.created_at, "enqueued_until": None}
            connection.execute(update(messages).where(still).values(due))


def _failed_and_idle(now: datetime) -> Any:
    return and_(
        messages.c.state == "waiting",
        messages.c.due_at > now,
        messages.c.failures > 0,
        messages.c.lease_holder.is_(None),
        messages.c.cause != Cause.TEST,
    )


def _receivers(connection: Connection, now: datetime) -> list[tuple[_Receiver, datetime]]:
    """For whom something failed and waits, and since when the oldest of it exists."""
    receiver = (messages.c.subscription, messages.c.recipient)
    query = (
        select(*receiver, func.min(messages.c.created_at)).where(_failed_and_idle(now)).group_by(*receiver)
    )
    return [((row[0], row[1]), row[2]) for row in connection.execute(query)]


def _to_bring_forward(
    connection: Connection, receiver: _Receiver, since: datetime, now: datetime
) -> list[str]:
    # In this order: for a receiver that is away, as most are here, the first query is the last.
    arrivals = _arrivals(connection, receiver, since)
    if not arrivals or _asked_for_time(connection, receiver, now):
        return []
    return [each.id for each in _waiting(connection, receiver, now) if _is_back_for(each, arrivals)]


def _waiting(connection: Connection, receiver: _Receiver, now: datetime) -> list[_Waiting]:
    """What failed and waits for its next attempt."""
    query = (
        select(messages.c.id, messages.c.created_at, func.max(attempts.c.at))
        .join(attempts, attempts.c.message_id == messages.c.id)
        .where(_of(receiver), _failed_and_idle(now))
        .group_by(messages.c.id, messages.c.created_at)
    )
    return [_Waiting(*row) for row in connection.execute(query)]


def _is_back_for(each: _Waiting, arrivals: Sequence[datetime]) -> bool:
    """Whether something arrived after its last attempt, and nothing between its making and that."""
    later = bisect_right(arrivals, each.created_at)
    return later < len(arrivals) and arrivals[later] > each.tried_at


def _arrivals(connection: Connection, receiver: _Receiver, since: datetime) -> list[datetime]:
    arrived = and_(_of(receiver), messages.c.sent_at > since)
    return list(connection.scalars(select(messages.c.sent_at).where(arrived).order_by(messages.c.sent_at)))


def _asked_for_time(connection: Connection, receiver: _Receiver, now: datetime) -> bool:
    """Whether what waits may be held back because the receiver said when to come again."""
    asked = and_(_of(receiver), attempts.c.outcome == "throttled", attempts.c.at > now - LONGEST_WAIT)
    query = select(attempts.c.id).join(messages, messages.c.id == attempts.c.message_id).where(asked)
    return connection.execute(query.limit(1)).first() is not None


def _of(receiver: _Receiver) -> Any:
    return and_(messages.c.subscription == receiver[0], messages.c.recipient == receiver[1])
