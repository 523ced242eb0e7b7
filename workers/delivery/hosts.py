"""Which receiving hosts have something due, and what each may take now."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, literal, select

from monitor.record.store.schema import messages, paces
from monitor.record.store.times import Moment
from workers.delivery.claimable import pace_name

TROUBLED_FOR = timedelta(minutes=5)  # after a time-out a host gets one request at a time
_MOST = 2_000  # hosts that one look gives; those that may be asked now come first
_KEPT = 0.1  # seconds a look holds, and so many times what it took: a look costs more the more is due
_TIMES = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a channel may have in flight, in a job and to a host; `pace` lies between two to one host.

    `retry` is the schedule that a message whose senders keep dying uses up.
    """

    channel: str
    in_flight: int
    per_host: int
    pace: timedelta | None
    lease: timedelta
    retry: Sequence[timedelta] = ()


@dataclass(slots=True)
class ReceiverHost:
    """A host with something due; `next_at` is its next slot, None where it never had one."""

    name: str
    next_at: datetime | None
    troubled: bool

    def most(self, limits: Limits) -> int:
        """How many requests it may have at a time."""
        return 1 if self.troubled else limits.per_host

    def is_paced(self, limits: Limits, now: datetime) -> bool:
        """Whether its next slot has still to come."""
        return limits.pace is not None and self.next_at is not None and self.next_at > now


_NOW = bindparam("b_now", type_=Moment())
_WAITING = (
    select(messages.c.host, func.min(messages.c.due_at).label("oldest"))
    .where(
        messages.c.state == "waiting",
        messages.c.channel == bindparam("b_channel"),
        ~messages.c.blocked,
        messages.c.due_at <= _NOW,
    )
    .group_by(messages.c.host)
    .subquery()
)
_TROUBLED = case((paces.c.timed_out_at > bindparam("b_troubled", type_=Moment()), 1), else_=0)
_LATER = case((paces.c.next_at > _NOW, 1), else_=0)
_DUE = (
    select(_WAITING.c.host, paces.c.next_at, _TROUBLED.label("troubled"))
    .select_from(
        _WAITING.outerjoin(
            paces, paces.c.name == bindparam("b_prefix") + func.coalesce(_WAITING.c.host, literal(""))
        )
    )
    .order_by(_LATER, _TROUBLED, _WAITING.c.oldest, _WAITING.c.host)
    .limit(_MOST)
)
# Only what is in flight has a lease; the state and the channel are looked at afterwards, so that the index on
# leases is used and not one over everything that waits.
_LIVE = select(messages.c.channel, messages.c.state, messages.c.host).where(messages.c.lease_until > _NOW)


def live(connection: Connection, channel: str, now: datetime) -> dict[str, int]:
    """How many requests each host has in flight."""
    counts: dict[str, int] = {}
    for row in connection.execute(_LIVE, {"b_now": now}):
        if (row.channel, row.state) == (channel, "waiting"):
            counts[row.host or ""] = counts.get(row.host or "", 0) + 1
    return counts


@dataclass(slots=True)
class HostQueue:
    """A job's copy of the hosts with something due, the longest waiting first.

    It is refreshed when it is old, or when it gave nothing. It is a hint: claims lock and ask anew.
    """

    channel: str
    _hosts: dict[str, ReceiverHost] = field(default_factory=dict)
    _read_at: float | None = None
    _cost: float = 0.0

    def is_old(self) -> bool:
        """Whether the next claim should refresh it."""
        if self._read_at is None:
            return True
        return time.monotonic() - self._read_at > max(_KEPT, _TIMES * self._cost)

    def refresh(self, connection: Connection, now: datetime) -> None:
        """Ask the store again."""
        began = time.monotonic()
        bound = {
            "b_channel": self.channel,
            "b_now": now,
            "b_prefix": pace_name(self.channel, ""),
            "b_troubled": now - TROUBLED_FOR,
        }
        self._hosts = {host.name: host for host in map(_host, connection.execute(_DUE, bound))}
        self._read_at = time.monotonic()
        self._cost = self._read_at - began

    def forget(self) -> None:
        """Have the next claim look again."""
        self._read_at = None

    def drop(self, host: ReceiverHost) -> None:
        """It has nothing that may go out now."""
        self._hosts.pop(host.name, None)

    def __iter__(self) -> Iterator[ReceiverHost]:
        return iter(tuple(self._hosts.values()))


def _host(row: Row[*tuple[Any, ...]]) -> ReceiverHost:
    return ReceiverHost(row.host or "", row.next_at, bool(row.troubled))
