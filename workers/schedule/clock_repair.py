"""Repairs times that only a clock which ran ahead can have written.

A machine's clock jumps into the future and comes back: at a start without a network, in a virtual machine
that was moved. What was put off meanwhile would wait for years. Once a minute such times are set to the
present. Nothing is sent twice by that: a message's state is no time.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, update

from monitor.record.settings import Delivery
from monitor.record.store.schema import messages, outbox, paces, receivers, subscriptions
from workers.delivery.policy import LONGEST_WAIT

_MARGIN = 1.2  # a wait is jittered, and the clocks of several machines differ a little
_SOME_LEASES = 10
_UNMARKED: dict[str, Any] = {"enqueued_until": None}


def repair_times(connection: Connection, delivery: Delivery, now: datetime) -> int:
    """Set impossible times to the present; how many rows had one."""
    return sum(
        connection.execute(update(table).where(where).values(values)).rowcount
        for table, where, values in _impossible(delivery, now)
    )


def _impossible(delivery: Delivery, now: datetime) -> list[tuple[Table, Any, dict[str, Any]]]:
    """Table, which of its rows, and what to write: no wait is longer than the longest that we give."""
    waited = now + max(*delivery.retry, LONGEST_WAIT, timedelta()) * _MARGIN
    leased = now + delivery.lease * _SOME_LEASES
    waiting = messages.c.state == "waiting"
    return [
        (messages, and_(waiting, messages.c.due_at > waited), {"due_at": now, "enqueued_until": None}),
        # A lease is not ended at once: if its holder lives, it is sending.
        (messages, and_(waiting, messages.c.lease_until > leased), {"lease_until": now + delivery.lease}),
        (messages, and_(waiting, messages.c.enqueued_until > leased), {"enqueued_until": None}),
        (outbox, and_(outbox.c.published_at.is_(None), outbox.c.enqueued_until > leased), _UNMARKED),
        (paces, paces.c.next_at > now + LONGEST_WAIT, {"next_at": now}),
        (receivers, receivers.c.timed_out_at > now + LONGEST_WAIT, {"timed_out_at": None}),
        (receivers, receivers.c.turn_at > now + LONGEST_WAIT, {"turn_at": now}),
        (subscriptions, subscriptions.c.first_seen_at > now + LONGEST_WAIT, {"first_seen_at": now}),
    ]
