"""Marks items as pending while their message waits, so that ordering reads only those.

An item of a waiting message is always pending; one of a settled message may be for a while. Whoever changes a
message's state has locked its row, and changes the mark in the same transaction. Messages that were blocked
behind it (blocking.py) are unblocked with that.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, select, update

from monitor.record.batches import batched
from monitor.record.store.schema import items, messages

_MARK = update(items).where(items.c.message_id.in_(bindparam("b_ids", expanding=True)))
_SETTLED, _PENDING = _MARK.values(pending=False), _MARK.values(pending=True)
# What waits behind, looked up item by item: in a join PostgreSQL would read all that is pending, which its
# last count took for next to nothing.
_OWN, _OTHER = items.alias("own"), items.alias("other")
_SAME = and_(*(_OTHER.c[name] == _OWN.c[name] for name in ("subscription", "recipient", "recommendation_id")))
_BEHIND = select(
    select(func.aggregate_strings(_OTHER.c.message_id, ","))
    .where(_OTHER.c.pending, _SAME)
    .correlate(_OWN)
    .scalar_subquery()
).where(_OWN.c.message_id.in_(bindparam("b_ids", expanding=True)))
# Whatever their mark says: whoever is about to set it has the row, and is waited for.
_BY_ID = messages.c.id.in_(bindparam("b_ids", expanding=True))
_LOCKED = select(messages.c.id).where(_BY_ID).order_by(messages.c.id).with_for_update()
_UNBLOCK = update(messages).where(_BY_ID).values(blocked=False)


def settle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages were sent, are dead or cancelled: nothing waits for them any more."""
    for some in batched(ids):
        connection.execute(_SETTLED, {"b_ids": some})
        if behind := {one for found in connection.scalars(_BEHIND, {"b_ids": some}) for one in _ids(found)}:
            unblock(connection, sorted(behind))


def unblock(connection: Connection, ids: Sequence[str]) -> None:
    """What these waited for may be over: they may be claimed again."""
    for some in batched(ids):
        bound = {"b_ids": some}
        if connection.dialect.name != "sqlite":
            connection.execute(_LOCKED, bound)  # in one order: of two who settle, none waits for the other
        connection.execute(_UNBLOCK, bound)


def _ids(found: str | None) -> list[str]:
    return found.split(",") if found else []


def unsettle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages are back in line: what comes after them waits for them."""
    for some in batched(ids):
        connection.execute(_PENDING, {"b_ids": some})


def requeue(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Requeue messages under their old ids, with the whole retry schedule before them."""
    fresh = {"state": "waiting", "due_at": now, "failures": 0, "lapses": 0, "error": None}
    freed = {"lease_until": None, "lease_holder": None, "enqueued_until": None, "blocked": False}
    for some in batched(ids):
        connection.execute(update(messages).where(messages.c.id.in_(some)).values(fresh | freed))
    # Promise 8 holds for these too: what still waits behind them waits for them again.
    unsettle(connection, ids)
