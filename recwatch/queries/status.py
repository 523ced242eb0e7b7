"""Queries of `status`: sources, messages, queues."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.record.store.schema import captures, subscriptions
from monitor.record.store.schema import messages as message_rows
from monitor.record.store.schema import sources as source_rows
from recwatch.configuration import Loaded
from workers.configuration import Configuration

_STATES = ("waiting", "sent", "dead", "cancelled")


def sources(connection: Connection, configuration: Configuration) -> list[dict[str, Any]]:
    """The configured sources with their last outcomes."""
    rows = {row.id: row for row in connection.execute(select(source_rows))}
    return [_source(source.id, rows.get(source.id)) for source in configuration.sources]


def _source(name: str, row: Any) -> dict[str, Any]:
    columns = {
        "outcome": "outcome",
        "message": "message",
        "last_capture": "last_captured_at",
        "last_poll": "last_polled_at",
        "next_poll": "next_poll_at",
        "failures": "failures",
        "troubled_since": "troubled_since",
    }
    return {"source": name} | {key: getattr(row, column, None) for key, column in columns.items()}


def messages(connection: Connection, configuration: Configuration) -> list[dict[str, Any]]:
    """Counts of messages by subscription and state; those of removed subscriptions, too."""
    everyone = (*configuration.subscriptions, configuration.operators.subscription)
    counted = {each.id: _nothing(each.id, each.channel) for each in everyone}
    columns = message_rows.c
    query = select(columns.subscription, columns.channel, columns.state, func.count()).group_by(
        columns.subscription, columns.channel, columns.state
    )
    for name, channel, state, count in connection.execute(query):
        counted.setdefault(name, _nothing(name, channel))[state] += count
    for name in paused(connection):
        if name in counted:
            counted[name]["paused"] = True
    return list(counted.values())


def paused(connection: Connection) -> dict[str, tuple[datetime, str | None]]:
    """Paused subscriptions, operators included, with since when and why."""
    query = select(subscriptions).where(subscriptions.c.paused_at.is_not(None)).order_by(subscriptions.c.id)
    return {row.id: (row.paused_at, row.reason) for row in connection.execute(query)}


def _nothing(name: str, channel: str) -> dict[str, Any]:
    return {"subscription": name, "channel": channel, **dict.fromkeys(_STATES, 0), "paused": False}


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest message that is not delivered yet was created."""
    query = select(func.min(message_rows.c.created_at)).where(message_rows.c.state == "waiting")
    found: datetime | None = connection.scalar(query)
    return found


def held(connection: Connection) -> int:
    """How many captures are held back."""
    return connection.scalar(select(func.count()).select_from(captures).where(captures.c.held)) or 0


def queues(loaded: Loaded) -> list[dict[str, Any]]:
    """Waiting jobs by queue; nothing where no queue server runs: none is started for this."""
    from monitor.record.queue.client import Queue, QueueError

    url = _address(loaded)
    if url is None:
        return []
    try:
        with Queue(url) as queue:
            return [
                {"queue": name, "jobs": queue.depth(name)} for name in loaded.configuration.queues_in_use()
            ]
    except QueueError:
        return []


def _address(loaded: Loaded) -> str | None:
    """The configured address, or the one that the embedded server has written down."""
    if "queue.redis_url" in loaded.missing:
        return None
    if url := loaded.configuration.queue.redis_url.get_secret_value():
        return url
    try:
        return (loaded.home / "queue" / "address").read_text(encoding="utf-8").strip()
    except OSError:
        return None
