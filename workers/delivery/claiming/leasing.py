"""The lease: one update gives messages to one sender."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, bindparam, case, update

from monitor.record.store.schema import messages
from monitor.record.store.times import Moment
from workers.delivery.claiming.claimable import is_due
from workers.values import Cause


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours until `lease_until`, and what deciding about it needs."""

    id: str
    subscription: str
    recipient: str
    channel: str
    host: str
    cause: Cause
    cause_ref: str
    created_at: datetime
    notice_id: str | None
    parent_id: str | None
    failures: int
    lapses: int
    uncertain: bool
    holder: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Who gets a lease, from when, and for how long."""

    holder: str
    now: datetime
    length: timedelta


_COLUMNS = (
    "id",
    "subscription",
    "recipient",
    "channel",
    "host",
    "cause",
    "cause_ref",
    "created_at",
    "notice_id",
    "parent_id",
    "failures",
    "lapses",
    "uncertain",
)
_NOW = bindparam("b_now", type_=Moment())
_IDS: BindParameter[Any] = bindparam("b_ids", expanding=True)
LAPSED = messages.c.lease_holder.is_not(None)  # of a message that is due: its sender never reported back
# Invariant 3: this one update is the claim. Whatever was read before, its condition decides. The condition is
# in a CASE so that rows are found by their ids: PostgreSQL, whose statistics are of a quiet hour, would take
# all that waits for fewer.
_STILL_DUE = case((is_due(_NOW), 1), else_=0) == 1
_LEASE = (
    update(messages)
    .where(messages.c.id.in_(_IDS), _STILL_DUE)
    .values(
        lease_until=bindparam("b_until", type_=Moment()),
        lease_holder=bindparam("b_holder"),
        enqueued_until=None,  # if the lease lapses, no job is in the queue for it
        attempts=messages.c.attempts + 1,
        lapses=messages.c.lapses + case((LAPSED, 1), else_=0),
        uncertain=case((LAPSED, True), else_=messages.c.uncertain),
    )
    .returning(*(messages.c[name] for name in _COLUMNS))
)


def lease(connection: Connection, ids: Sequence[str], terms: LeaseTerms) -> list[Claimed]:
    """Give messages to a sender, those that somebody else has left out; in the order given."""
    if not ids:
        return []
    until = terms.now + terms.length
    bound = {"b_ids": ids, "b_now": terms.now, "b_until": until, "b_holder": terms.holder}
    rows = connection.execute(_LEASE, bound).mappings()
    leased = {row["id"]: _claimed(row, terms.holder, until) for row in rows}
    return [leased[one] for one in ids if one in leased]


def lease_test(connection: Connection, ids: Sequence[str], terms: LeaseTerms) -> list[Claimed]:
    """Give tests, which are never due, to who asked for them."""
    until = terms.now + terms.length
    leased = {"lease_until": until, "lease_holder": terms.holder, "attempts": 1}
    mine = update(messages).where(messages.c.id.in_(ids)).values(leased)
    rows = connection.execute(mine.returning(*(messages.c[name] for name in _COLUMNS))).mappings()
    by_id = {row["id"]: _claimed(row, terms.holder, until) for row in rows}
    return [by_id[one] for one in ids]


def _claimed(row: RowMapping, holder: str, until: datetime) -> Claimed:
    found = dict(row)
    found |= {"cause": Cause(row["cause"]), "host": row["host"] or "", "holder": holder, "lease_until": until}
    return Claimed(**found)
