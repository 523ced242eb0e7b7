"""Marks items by whether their message is on its way, so that what comes later looks only at those that are.

The mark may lag behind on the safe side alone: an item of a message that waits is always pending. Whoever
changes a message's state has its row, and changes the mark in the same transaction.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, update

from monitor.record.schema import items

_AT_ONCE = 500
_MARK = update(items).where(items.c.message_id.in_(bindparam("b_ids", expanding=True)))
_SETTLED, _PENDING = _MARK.values(pending=False), _MARK.values(pending=True)


def settle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages were sent, are dead or cancelled: nothing waits for them any more."""
    for start in range(0, len(ids), _AT_ONCE):
        connection.execute(_SETTLED, {"b_ids": ids[start : start + _AT_ONCE]})


def unsettle(connection: Connection, ids: Sequence[str]) -> None:
    """These messages are back in line: what comes after them waits for them."""
    for start in range(0, len(ids), _AT_ONCE):
        connection.execute(_PENDING, {"b_ids": ids[start : start + _AT_ONCE]})
