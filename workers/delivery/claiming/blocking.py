"""Marks messages that cannot go out by themselves, so that rounds and claims do not read them each time.

A paused subscription's messages, and those that wait behind an earlier one, are read once and marked
`blocked`. Whoever lets a message go clears the mark in the same transaction (`settle`, `resume`, `requeue`);
all marks are checked when a dispatcher starts, and every ten minutes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, select, update

from monitor.record.store.schema import messages
from monitor.record.store.store import Store
from workers.channels import CHANNELS
from workers.delivery.claiming import settling
from workers.delivery.claiming.claimable import is_blocked, is_due, is_in_pace

_AT_ONCE = 500  # messages in one transaction; whoever wants to write gets in between
_A_ROUND = 10_000  # messages that a round marks; the next one goes on, and what can go out does in between


def block(store: Store, unmarked: Any, now: datetime) -> int:
    """Mark those of the due messages without a job that cannot go out, some thousands at most; how many."""
    found = select(messages.c.id).where(_of_channels(), unmarked, is_due(now), is_in_pace(now), is_blocked())
    marked = 0
    while marked < _A_ROUND and (ids := _some(store, found)):
        with store.write(light=True) as connection:
            # Their rows first, and then what blocks them: who settles that has yet to come, or was seen.
            # Rows that somebody else has are left out, as nobody is to wait for a mark.
            mine = select(messages.c.id).where(messages.c.id.in_(ids)).with_for_update(skip_locked=True)
            got = messages.c.id.in_(connection.scalars(mine).all())
            # In a CASE, so that rows are found by their ids and not along all that waits.
            still = case((and_(is_due(now), is_blocked()), 1), else_=0) == 1
            mark = update(messages).where(got, still).values(blocked=True, enqueued_until=None)
            done = connection.execute(mark).rowcount
        marked += done
        if not done or len(ids) < _AT_ONCE:
            break
    return marked


def unblock(store: Store, now: datetime) -> int:
    """Clear the marks of what nothing blocks; how many. None is left where every writer did its part."""
    marked = and_(messages.c.state == "waiting", _of_channels(), messages.c.blocked, messages.c.due_at <= now)
    cleared = 0
    while ids := _some(store, select(messages.c.id).where(marked, ~is_blocked())):
        with store.write() as connection:
            settling.unblock(connection, ids)
        cleared += len(ids)
    return cleared


def _of_channels() -> Any:
    # By name: the channel comes before the mark in the index.
    return messages.c.channel.in_(sorted(CHANNELS))


def _some(store: Store, query: Select[tuple[str]]) -> list[str]:
    with store.read() as connection:
        return list(connection.scalars(query.limit(_AT_ONCE)))
