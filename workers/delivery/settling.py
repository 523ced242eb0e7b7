"""Marks items by whether their message is on its way, so that what comes later looks only at those that are.

The mark may lag behind on the safe side alone: an item of a message that waits is always pending. Whoever
changes a message's state has its row, and changes the mark in the same transaction. What was set aside
behind it (blocking.py) is let go with that.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, select, update

from monitor.record.store.schema import items, messages

_AT_ONCE = 500
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
_LET_GO = update(messages).where(_BY_ID).values(blocked=False)


def settle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages were sent, are dead or cancelled: nothing waits for them any more."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        connection.execute(_SETTLED, {"b_ids": some})
        if behind := {one for found in connection.scalars(_BEHIND, {"b_ids": some}) for one in _ids(found)}:
            let_go(connection, sorted(behind))


def let_go(connection: Connection, ids: Sequence[str]) -> None:
    """What these waited for may be over: they are looked at again."""
    for start in range(0, len(ids), _AT_ONCE):
        bound = {"b_ids": ids[start : start + _AT_ONCE]}
        if connection.dialect.name != "sqlite":
            connection.execute(_LOCKED, bound)  # in one order: of two who settle, none waits for the other
        connection.execute(_LET_GO, bound)


def _ids(found: str | None) -> list[str]:
    return found.split(",") if found else []


def unsettle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages are back in line: what comes after them waits for them."""
    for start in range(0, len(ids), _AT_ONCE):
        connection.execute(_PENDING, {"b_ids": ids[start : start + _AT_ONCE]})


def requeue(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Requeue messages under their old ids, with the whole retry schedule before them."""
    fresh = {"state": "waiting", "due_at": now, "failures": 0, "lapses": 0, "error": None}
    freed = {"lease_until": None, "lease_holder": None, "enqueued_until": None, "blocked": False}
    for start in range(0, len(ids), _AT_ONCE):
        some = messages.c.id.in_(ids[start : start + _AT_ONCE])
        connection.execute(update(messages).where(some).values(fresh | freed))
    # Promise 8 holds for these too: what still waits behind them waits for them again.
    unsettle(connection, ids)
