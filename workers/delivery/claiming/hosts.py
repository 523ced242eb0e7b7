"""Which receivers have something due, at which hosts, and what each may take now.

A host is what is limited and paced (a receiving host, a Slack channel); a receiver is a subscription at it.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, func, literal, select

from monitor.record.store.schema import messages, paces, receivers
from monitor.record.store.times import Moment
from workers.delivery.claiming.claimable import pace_name

TROUBLED_FOR = timedelta(minutes=5)  # after a time-out a receiver gets one request at a time
HANGING_AFTER = timedelta(seconds=1)  # a request that takes longer takes up none of its host's capacity
_MOST = 2_000  # receivers that one query gives; those that may be served now come first
_KEPT = 0.1  # seconds for which a copy is used, and so many times what it cost: it costs more the more is due
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


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription with something due; `turn_at` is when it was last served.

    `troubled`: it timed out lately. `proven`: it has answered before. Others get one request at a time, so
    that one that hangs has no more than that.
    """

    name: str  # of its row
    subscription: str
    turn_at: datetime | None = None
    troubled: bool = False
    proven: bool = False
    stored: bool = False


@dataclass(slots=True)
class ReceiverHost:
    """A host with something due; `next_at` is its next slot, None where it never had one."""

    name: str
    next_at: datetime | None
    receivers: list[Receiver] = field(default_factory=list)

    def is_paced(self, limits: Limits, now: datetime) -> bool:
        """Whether its next slot has still to come."""
        return limits.pace is not None and self.next_at is not None and self.next_at > now


@dataclass(slots=True)
class InFlight:
    """Requests that have not come back; a host's own count leaves out those that hang, or hung lately."""

    hosts: Counter[str] = field(default_factory=Counter)
    receivers: Counter[str] = field(default_factory=Counter)  # by the names of their rows
    hanging: Counter[str] = field(default_factory=Counter)
    troubled: int = 0


_NOW = bindparam("b_now", type_=Moment())
_WAITING = (
    select(messages.c.host, messages.c.subscription, func.min(messages.c.due_at).label("oldest"))
    .where(
        messages.c.state == "waiting",
        messages.c.channel == bindparam("b_channel"),
        ~messages.c.blocked,
        messages.c.due_at <= _NOW,
    )
    .group_by(messages.c.host, messages.c.subscription)
    .subquery()
)
_TROUBLED = case((receivers.c.timed_out_at > bindparam("b_troubled", type_=Moment()), 1), else_=0)
_LATER = case((paces.c.next_at > _NOW, 1), else_=0)
_HOST_NAME: ColumnElement[str] = bindparam("b_prefix") + func.coalesce(_WAITING.c.host, literal(""))
_DUE = (
    select(
        _WAITING.c.host,
        _WAITING.c.subscription,
        paces.c.next_at,
        receivers.c.turn_at,
        receivers.c.answered_at,
        receivers.c.name.label("row"),
        _TROUBLED.label("troubled"),
    )
    .select_from(
        _WAITING.outerjoin(paces, paces.c.name == _HOST_NAME).outerjoin(
            receivers, receivers.c.name == _HOST_NAME + literal("/") + _WAITING.c.subscription
        )
    )
    .order_by(_LATER, _TROUBLED, _WAITING.c.oldest, _WAITING.c.host, _WAITING.c.subscription)
    .limit(_MOST)
)
_ROW_NAME = (
    messages.c.channel + literal("/") + func.coalesce(messages.c.host, literal("")) + literal("/")
) + messages.c.subscription
# Only what is in flight has a lease; the state and the channel are compared afterwards, so that the index on
# leases is used and not one over everything that waits.
_LIVE = (
    select(
        messages.c.channel,
        messages.c.state,
        messages.c.host,
        messages.c.lease_until,
        _ROW_NAME.label("receiver"),
        _TROUBLED.label("troubled"),
    )
    .select_from(messages.outerjoin(receivers, receivers.c.name == _ROW_NAME))
    .where(messages.c.lease_until > _NOW)
)


def receiver_name(channel: str, host: str, subscription: str) -> str:
    """The row of `receivers` about a subscription at a host."""
    return f"{pace_name(channel, host)}/{subscription}"


def in_flight(connection: Connection, limits: Limits, now: datetime) -> InFlight:
    """What each host and receiver has in flight."""
    found = InFlight()
    hanging = now + limits.lease - HANGING_AFTER  # the end of the leases that began so long ago
    for row in connection.execute(_LIVE, {"b_now": now, "b_troubled": now - TROUBLED_FOR}):
        if (row.channel, row.state) != (limits.channel, "waiting"):
            continue
        found.receivers[row.receiver] += 1
        found.troubled += row.troubled
        if row.lease_until < hanging:
            found.hanging[row.receiver] += 1
        elif not row.troubled:
            found.hosts[row.host or ""] += 1
    return found


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
        self._hosts = {}
        for row in connection.execute(_DUE, bound):
            host = self._hosts.setdefault(row.host or "", ReceiverHost(row.host or "", row.next_at))
            host.receivers.append(self._receiver(row))
        self._read_at = time.monotonic()
        self._cost = self._read_at - began

    def _receiver(self, row: Row[*tuple[Any, ...]]) -> Receiver:
        name = receiver_name(self.channel, row.host or "", row.subscription)
        troubled, proven = bool(row.troubled), row.answered_at is not None
        return Receiver(name, row.subscription, row.turn_at, troubled, proven, row.row is not None)

    def forget(self) -> None:
        """Have the next claim refresh it."""
        self._read_at = None

    def drop(self, host: ReceiverHost, receiver: Receiver) -> None:
        """It has nothing that may go out now."""
        host.receivers = [each for each in host.receivers if each is not receiver]
        if not host.receivers:
            self._hosts.pop(host.name, None)

    def served(self, host: ReceiverHost, receiver: Receiver, now: datetime) -> None:
        """Its turn has been."""
        turned = replace(receiver, turn_at=now)
        host.receivers = [turned if each is receiver else each for each in host.receivers]

    def __iter__(self) -> Iterator[ReceiverHost]:
        return iter(tuple(self._hosts.values()))
