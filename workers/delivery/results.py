"""Writes what came of attempts: only for who still holds the lease, and with all that follows from it."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from monitor.record.settings import Delivery
from monitor.record.store.schema import attempts, messages, receivers
from monitor.record.store.store import upsert
from workers.delivery.claiming.claim import Claimed
from workers.delivery.claiming.settling import settle
from workers.delivery.policy import AttemptHistory, Disposition, decide
from workers.delivery.throttling import fold_attempt, receiver_row, record_throttling, throttled_for
from workers.messages.receiver_trouble import notify_dead, pause
from workers.values import Cause, Receipt, TransportError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended, in `seconds`: with a receipt, or with an error.

    `dropped`: nothing was sent, because the configuration no longer has the receiver. `released`:
    nothing was sent, and the message goes back in line as it was.
    """

    claimed: Claimed
    seconds: float
    at: datetime
    receipt: Receipt | None = None
    error: TransportError | None = None
    dropped: str = ""
    released: bool = False


def record(
    connection: Connection,
    results: Iterable[Result],
    delivery: Delivery,
    now: datetime,
    draw: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - jitter, no secret
) -> None:
    """Record results, in the order in which they came. Invariant 3: only the lease's holder may."""
    for arrived, some in groupby(results, _arrived):
        if arrived:
            _record_arrivals(connection, tuple(some), now)
            continue
        for result in some:
            if result.released:
                _update(connection, result, {"attempts": messages.c.attempts - 1})
            elif result.dropped:
                if _update(connection, result, {"state": "cancelled", "error": result.dropped}):
                    settle(connection, [result.claimed.id])
            else:
                _record(connection, result, delivery, now, draw())


def _arrived(result: Result) -> bool:
    return result.error is None and not result.dropped and not result.released


_HELD = (
    select(messages.c.id, messages.c.lease_holder)
    .where(messages.c.id.in_(bindparam("b_ids", expanding=True)))
    .order_by(messages.c.id)
    .with_for_update()
)
_FREED = {"lease_until": None, "lease_holder": None, "enqueued_until": None}
_OURS = and_(messages.c.id == bindparam("b_id"), messages.c.lease_holder == bindparam("b_holder"))
_SENT = (
    update(messages)
    .where(_OURS)
    .values(
        {
            "state": "sent",
            "uncertain": False,
            "error": None,
            "sent_at": bindparam("b_at", type_=messages.c.sent_at.type),
            "receipt": bindparam("b_receipt", type_=messages.c.receipt.type),
        }
        | _FREED
    )
)


def _record_arrivals(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """The same for all that arrived, in four statements: most results are such."""
    rows = connection.execute(_HELD, {"b_ids": [result.claimed.id for result in results]})
    holders = {row.id: row.lease_holder for row in rows}
    ours: list[Result] = []
    for result in results:
        if holders.get(result.claimed.id) == result.claimed.holder:
            ours.append(result)
        else:
            _warn_of_lapse(result, "sent")
    if ours:
        connection.execute(_SENT, [_arrival(result) for result in ours])
        settle(connection, [result.claimed.id for result in ours])
        connection.execute(attempts.insert(), [_attempt(result, "sent", None) for result in ours])
        _record_answers(connection, [result.claimed for result in ours], now)


def _arrival(result: Result) -> dict[str, Any]:
    return {
        "b_id": result.claimed.id,
        "b_holder": result.claimed.holder,
        "b_at": result.at,
        "b_receipt": dict(result.receipt.data) if result.receipt else None,
    }


def _warn_of_lapse(result: Result, outcome: str) -> None:
    log.warning("the lease had lapsed before the result came", message_id=result.claimed.id, outcome=outcome)


def _record(connection: Connection, result: Result, delivery: Delivery, now: datetime, spread: float) -> None:
    claimed = result.claimed
    asked_to_wait = result.error is not None and result.error.retry_after is not None
    lasted = throttled_for(connection, claimed, now) if asked_to_wait else timedelta()
    history = AttemptHistory(claimed.failures, claimed.cause, lasted)
    decision = decide(result.error, history, delivery.retry, now, spread)
    if not _update(connection, result, _values(result, decision)):
        _warn_of_lapse(result, decision.outcome)
        return
    _record_attempt(connection, result, decision, now)
    if decision.holds_receiver and decision.due_at is not None:
        _hold_receiver(connection, claimed, decision.due_at)
    if result.error is not None and result.error.timed_out:
        _record_time_out(connection, claimed, now)
    if decision.pauses:
        pause(connection, claimed.subscription, decision.error or "", now)
    if decision.state != "waiting":
        settle(connection, [claimed.id])
    if decision.state == "dead" and claimed.cause is not Cause.TEST:
        notify_dead(connection, claimed.id, now)


def _record_attempt(connection: Connection, result: Result, decision: Disposition, now: datetime) -> None:
    attempt = _attempt(result, decision.outcome, decision.error)
    if decision.outcome == "throttled":
        fold_attempt(connection, attempt)
        record_throttling(connection, result.claimed, now, decision.error or "")
    else:
        connection.execute(attempts.insert(), attempt)


def _values(result: Result, decision: Disposition) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": decision.state,
        "failures": decision.failures,
        "uncertain": result.claimed.uncertain or decision.unknown,
        "error": decision.error,
    }
    if decision.due_at is not None:
        # Invariant 5: when it is tried again stands here, in the store; the queue may forget everything.
        values["due_at"] = decision.due_at
    if decision.state == "waiting":
        values["lapses"] = 0  # an attempt that came back: this message does not kill its senders
    return values


def _update(connection: Connection, result: Result, values: dict[str, Any]) -> bool:
    """Write to the message and let go of it, if it is ours."""
    bound = {"b_id": result.claimed.id, "b_holder": result.claimed.holder}
    return connection.execute(update(messages).where(_OURS).values(values | _FREED), bound).rowcount == 1


def _attempt(result: Result, outcome: str, error: str | None) -> dict[str, Any]:
    return {
        "message_id": result.claimed.id,
        "at": result.at,
        "seconds": round(result.seconds, 3),
        "outcome": outcome,
        "detail": error if result.receipt is None else result.receipt.detail.replace("\x00", ""),
    }


def _hold_receiver(connection: Connection, claimed: Claimed, until: datetime) -> None:
    """The receiver asked for time: what else waits for it waits too, unaged. Others on its host don't."""
    theirs = and_(
        messages.c.subscription == claimed.subscription,
        messages.c.recipient == claimed.recipient,
        messages.c.state == "waiting",
        messages.c.lease_holder.is_(None),
        messages.c.due_at < until,
        messages.c.cause != Cause.TEST,
    )
    connection.execute(update(messages).where(theirs).values(due_at=until, enqueued_until=None))


def _record_time_out(connection: Connection, claimed: Claimed, now: datetime) -> None:
    insert = upsert(connection)(receivers).values(receiver_row(claimed) | {"timed_out_at": now})
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"timed_out_at": now}))


def _record_answers(connection: Connection, answered: Iterable[Claimed], now: datetime) -> None:
    """Receivers that answer may have several requests at a time from now on, and throttle no more."""
    rows = {each.subscription: receiver_row(each) | {"answered_at": now} for each in answered}
    add = upsert(connection)(receivers)
    changes = or_(receivers.c.answered_at.is_(None), receivers.c.throttled_since.is_not(None))
    fresh = {
        "answered_at": func.coalesce(receivers.c.answered_at, add.excluded.answered_at),
        "throttled_since": None,
        "throttling_told_at": None,
    }
    statement = add.on_conflict_do_update(index_elements=["name"], set_=fresh, where=changes)
    connection.execute(statement, list(rows.values()))


def unmark(connection: Connection, channel: str, now: datetime, until: datetime | None) -> None:
    """A job of the channel ends: no mark of messages that are due outlives `until` (None: now)."""
    still = messages.c.enqueued_until > (until or now)
    mine = and_(messages.c.state == "waiting", messages.c.channel == channel, ~messages.c.blocked)
    due = and_(mine, messages.c.due_at <= now)
    connection.execute(update(messages).where(due, still).values(enqueued_until=until))
