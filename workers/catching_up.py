"""What waits for a receiver that was away goes out as soon as one message has arrived there.

The retry schedule is for not knowing. Its last waits are a day long, and a channel that is back should
not be silent for another day about what happened meanwhile.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, and_, func, select, update

from monitor.record.schema import attempts, messages
from workers.delivery.policy import LONGEST_WAIT
from workers.values import Cause

log = structlog.get_logger(__name__)

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    created_at: datetime
    tried_at: datetime


def catch_up(connection: Connection, now: datetime) -> int:
    """Make due now what failed before its receiver was back, in the order in which it was made; how many.

    A message is hastened once: one that its receiver refuses while it takes others keeps to the schedule.
    """
    back = [
        each.id
        for receiver, waiting in _waiting(connection, now).items()
        for each in _hastened(connection, receiver, waiting, now)
    ]
    for start in range(0, len(back), _AT_ONCE):
        still = and_(messages.c.id.in_(back[start : start + _AT_ONCE]), _failed_and_idle(now))
        connection.execute(update(messages).where(still).values(due_at=now, enqueued_until=None))
    if back:
        log.info("receivers are back; what waited for them goes out", messages=len(back))
    return len(back)


def _failed_and_idle(now: datetime) -> Any:
    return and_(
        messages.c.state == "waiting",
        messages.c.due_at > now,
        messages.c.failures > 0,
        messages.c.lease_holder.is_(None),
        messages.c.cause != Cause.TEST,
    )


def _waiting(connection: Connection, now: datetime) -> dict[tuple[str, str], list[_Waiting]]:
    """By receiver, what failed and waits for its next attempt."""
    columns = [messages.c[name] for name in ("id", "subscription", "recipient", "created_at")]
    query = (
        select(*columns, func.max(attempts.c.at).label("tried_at"))
        .join(attempts, attempts.c.message_id == messages.c.id)
        .where(_failed_and_idle(now))
        .group_by(*columns)
    )
    found: dict[tuple[str, str], list[_Waiting]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.subscription, row.recipient].append(_Waiting(row.id, row.created_at, row.tried_at))
    return found


def _hastened(
    connection: Connection, receiver: tuple[str, str], waiting: Sequence[_Waiting], now: datetime
) -> list[_Waiting]:
    arrivals = _arrivals(connection, receiver, min(each.created_at for each in waiting))
    if not arrivals or _asked_for_time(connection, receiver, now):
        return []
    return [each for each in waiting if _is_back_for(each, arrivals)]


def _is_back_for(each: _Waiting, arrivals: Sequence[datetime]) -> bool:
    """Whether something arrived after its last attempt, and nothing between its making and that."""
    later = bisect_right(arrivals, each.created_at)
    return later < len(arrivals) and arrivals[later] > each.tried_at


def _arrivals(connection: Connection, receiver: tuple[str, str], since: datetime) -> list[datetime]:
    arrived = and_(_of(receiver), messages.c.sent_at > since)
    return list(connection.scalars(select(messages.c.sent_at).where(arrived).order_by(messages.c.sent_at)))


def _asked_for_time(connection: Connection, receiver: tuple[str, str], now: datetime) -> bool:
    """Whether what waits may be held back because the receiver said when to come again."""
    asked = and_(_of(receiver), attempts.c.outcome == "throttled", attempts.c.at > now - LONGEST_WAIT)
    query = select(attempts.c.id).join(messages, messages.c.id == attempts.c.message_id).where(asked)
    return connection.execute(query.limit(1)).first() is not None


def _of(receiver: tuple[str, str]) -> Any:
    return and_(messages.c.subscription == receiver[0], messages.c.recipient == receiver[1])
