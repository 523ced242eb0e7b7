"""Compares waiting messages with the configuration: whose subscription or receiver is gone is cancelled.

A cancelled message is listed, and put back in line by itself where its subscription returns while the
retry schedule would still have run; later, `redeliver` puts it back.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, and_, or_, select, update

from monitor.record.store.schema import messages
from workers.context import Context
from workers.delivery.claiming.settling import requeue, settle
from workers.delivery.loading import mismatch
from workers.messages import storing
from workers.schedule.catch_up import catch_up
from workers.schedule.clock_repair import repair_times

log = structlog.get_logger(__name__)

_RECEIVER = ("subscription", "channel", "recipient", "host")


def reconcile(context: Context, now: datetime) -> None:
    """Cancel, revive, readdress, repair times, and catch up."""
    with context.store.write() as connection:
        storing.register_subscriptions(connection, storing.everyone(context), now)
        _settle_waiting(connection, context, now)
        _revive(connection, context, now)
        repaired = repair_times(connection, context.configuration.delivery, now)
    catch_up(context.store, now)
    if repaired:
        log.warning("times that only a clock running ahead can have written were brought back", rows=repaired)


def _settle_waiting(connection: Connection, context: Context, now: datetime) -> None:
    columns = [messages.c[name] for name in _RECEIVER]
    receivers = select(*columns).where(messages.c.state == "waiting").distinct()
    for row in connection.execute(receivers).mappings().all():
        subscription = context.configuration.subscription(row["subscription"])
        if reason := mismatch(subscription, row["channel"], row["recipient"]):
            _cancel(connection, row, reason, now)
        elif subscription and (host := storing.host_of(context, subscription)) != row["host"]:
            # Its address changed: what is limited and paced is the new one.
            connection.execute(update(messages).where(_same(row)).values(host=host))


def _same(row: Any) -> Any:
    same = [messages.c[name].is_not_distinct_from(row[name]) for name in _RECEIVER]
    return and_(messages.c.state == "waiting", *same)


def _cancel(connection: Connection, row: Any, reason: str, now: datetime) -> None:
    # One that is being sent is left alone: its sender writes what came of it.
    idle = or_(messages.c.lease_until.is_(None), messages.c.lease_until <= now)
    cancelled = (
        update(messages)
        .where(_same(row), idle)
        .values(state="cancelled", error=reason, lease_until=None, lease_holder=None)
    )
    ids = connection.scalars(cancelled.returning(messages.c.id)).all()
    settle(connection, ids)
    log.warning("messages cancelled", subscription=row["subscription"], messages=len(ids), reason=reason)
    # Whoever waited behind them can go now.
    theirs = and_(messages.c.state == "waiting", messages.c.subscription == row["subscription"])
    connection.execute(update(messages).where(theirs).values(enqueued_until=None))


def _revive(connection: Connection, context: Context, now: datetime) -> None:
    horizon = now - sum(context.configuration.delivery.retry, timedelta())
    columns = [messages.c[name] for name in ("id", *_RECEIVER)]
    recent = select(*columns).where(messages.c.state == "cancelled", messages.c.created_at >= horizon)
    ids = [row["id"] for row in connection.execute(recent).mappings() if _fits(context, row)]
    requeue(connection, ids, now)


def _fits(context: Context, row: Any) -> bool:
    return not mismatch(
        context.configuration.subscription(row["subscription"]), row["channel"], row["recipient"]
    )
