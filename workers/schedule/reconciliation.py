"""Compares waiting messages with the configuration, and repairs what a clock or a change of it has left.

What waits for a subscription, recipient or channel that is gone goes to what it became. What became nothing
is cancelled, listed and named; it is put back in line where its subscription returns while the retry
schedule would still have run; later, `redeliver` does that.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, and_, select, update

from monitor.record.store.schema import messages
from workers.context import Context
from workers.delivery.handover import hand_over_waiting, revive
from workers.delivery.sending_tests import bury_abandoned
from workers.messages import storing
from workers.schedule.catch_up import catch_up
from workers.schedule.clock_repair import repair_times

log = structlog.get_logger(__name__)


def reconcile(context: Context, now: datetime) -> None:
    """Hand over, cancel, revive, readdress, repair times, and catch up."""
    with context.store.write() as connection:
        storing.register_subscriptions(connection, storing.everyone(context), now)
        hand_over_waiting(connection, context, now)
        bury_abandoned(connection, now, context.configuration.delivery.lease)
        _readdress(connection, context)
        _revive(connection, context, now)
        repaired = repair_times(connection, context.configuration.delivery, now)
    catch_up(context.store, now)
    if repaired:
        log.warning("times that only a clock running ahead can have written were repaired", rows=repaired)


def _readdress(connection: Connection, context: Context) -> None:
    """Where a receiver's address changed, what is limited and paced is the new one."""
    names = ("subscription", "channel", "host")
    columns = [messages.c[name] for name in names]
    for row in connection.execute(select(*columns).where(messages.c.state == "waiting").distinct()).all():
        subscription = context.configuration.subscription(row.subscription)
        if subscription is None or subscription.channel != row.channel:
            continue
        if (host := storing.host_of(context, subscription)) != row.host:
            same: list[Any] = [messages.c[name].is_not_distinct_from(getattr(row, name)) for name in names]
            mine = and_(messages.c.state == "waiting", *same)
            connection.execute(update(messages).where(mine).values(host=host))


def _revive(connection: Connection, context: Context, now: datetime) -> None:
    horizon = now - sum(context.configuration.delivery.retry, timedelta())
    recent = and_(messages.c.state == "cancelled", messages.c.created_at >= horizon)
    revive(connection, context, list(connection.scalars(select(messages.c.id).where(recent))), now)
