"""Receivers that ask for time: what is kept of that, and operators who hear of one that never stops.

Throttling uses up no step of the schedule, so it may go on for ever: its attempts are folded into one row a
message, the longer it lasts the less often it is asked, and after a day operators are told once.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from monitor.record.settings import Subscription
from monitor.record.store.schema import attempts, receivers
from monitor.record.store.store import upsert
from monitor.record.values import NoticeType
from workers.delivery.claiming.hosts import receiver_name
from workers.delivery.claiming.leasing import Claimed
from workers.messages.receiver_trouble import notify

_TOLD_AFTER = timedelta(days=1)


def receiver_row(claimed: Claimed) -> dict[str, Any]:
    """A row of `receivers`."""
    name = receiver_name(claimed.channel, claimed.host, claimed.subscription)
    return {"name": name, "host": claimed.host, "subscription": claimed.subscription}


def throttled_for(connection: Connection, claimed: Claimed, now: datetime) -> timedelta:
    """How long the receiver has throttled everything."""
    mine = receivers.c.name == receiver_row(claimed)["name"]
    since: datetime | None = connection.scalar(select(receivers.c.throttled_since).where(mine))
    return now - since if since is not None else timedelta()


def record_throttling(connection: Connection, claimed: Claimed, now: datetime, error: str) -> None:
    """Note since when it throttles; operators hear once it has for a day."""
    row = receiver_row(claimed)
    insert = upsert(connection)(receivers).values(row | {"throttled_since": now})
    since = func.coalesce(receivers.c.throttled_since, insert.excluded.throttled_since)
    connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"throttled_since": since}))
    lasted = throttled_for(connection, claimed, now)
    if lasted < _TOLD_AFTER or claimed.subscription == Subscription.OPERATORS:
        return
    untold = (receivers.c.name == row["name"]) & receivers.c.throttling_told_at.is_(None)
    if connection.execute(update(receivers).where(untold).values(throttling_told_at=now)).rowcount:
        words = (
            f"its receiver has throttled everything for {lasted // timedelta(hours=1)} hours ({error}); its "
            "messages wait and are tried again when it asks, for as long as it takes"
        )
        notify(connection, NoticeType.DEAD, claimed.subscription, "throttled", words, now, now - lasted)


def fold_attempt(connection: Connection, attempt: dict[str, Any]) -> None:
    """Store a throttled attempt; one that follows another of its message goes into that one's row."""
    mine = attempts.c.message_id == attempt["message_id"]
    newest = select(attempts.c.id, attempts.c.outcome).where(mine).order_by(attempts.c.id.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    if last is None or last.outcome != "throttled":
        connection.execute(attempts.insert(), attempt)
        return
    values = {name: attempt[name] for name in ("at", "seconds", "detail")}
    values |= {"repeats": attempts.c.repeats + 1, "since": func.coalesce(attempts.c.since, attempts.c.at)}
    connection.execute(update(attempts).where(attempts.c.id == last.id).values(values))
