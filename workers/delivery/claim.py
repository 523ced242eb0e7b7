"""Claims: one atomic update gives messages to one sender, before anything is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    update,
)

from monitor.record.store.schema import attempts, messages, paces
from monitor.record.store.store import upsert
from monitor.record.store.times import Moment
from workers.delivery.claimable import is_due, is_free, pace_name
from workers.delivery.hosts import HostQueue, Limits, ReceiverHost, live
from workers.delivery.settling import settle
from workers.values import Cause

__all__ = ["Claimed", "Claims", "HostQueue", "Limits", "claim"]

MOST_LAPSES = 5  # deaths of senders in a row, from which on a message is taken for what kills them
_SPACED = 3  # from this lapse on each is waited out for a step of the schedule: a storm may pass meanwhile
_HOSTS_AT_ONCE = 100  # asked for their next message in one statement
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


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
class Claims:
    """What a look for work gave: messages claimed, messages given up, and when a paced host is free again."""

    claimed: tuple[Claimed, ...] = ()
    given_up: tuple[str, ...] = ()
    next_slot: datetime | None = None


# Built once: claims are made many times a second, and building a statement costs more than running it.
_NOW = bindparam("b_now", type_=Moment())
_MINE = and_(messages.c.state == "waiting", messages.c.channel == bindparam("b_channel"))
_FREE_HOSTS = (
    select(paces.c.name)
    .where(
        paces.c.name.in_(bindparam("b_names", expanding=True)),
        paces.c.next_at <= bindparam("b_slot", type_=Moment()),
    )
    .with_for_update(skip_locked=True)
)
_ORDER = (messages.c.due_at, messages.c.created_at, messages.c.id)
_CANDIDATES = (
    select(messages.c.id)
    .where(_MINE, messages.c.host == bindparam("b_host"), is_due(_NOW), is_free())
    .order_by(*_ORDER)
    .limit(bindparam("b_wanted", type_=Integer()))
    .with_for_update(skip_locked=True, of=messages)
)
# The next message of many hosts at once; a host is what its row's name says after the channel's.
_HOST_OF_ROW = func.substr(paces.c.name, bindparam("b_from", type_=Integer()))
_NEXT = (
    select(messages.c.id)
    .where(_MINE, messages.c.host == _HOST_OF_ROW, is_due(_NOW), is_free())
    .order_by(*_ORDER)
    .limit(literal(1))
    .with_for_update(skip_locked=True, of=messages)
    .correlate(paces)
    .scalar_subquery()
)
_NEXTS: Select[tuple[str, str | None]] = select(paces.c.name, _NEXT.label("id")).where(
    paces.c.name.in_(bindparam("b_names", expanding=True))
)
_IDS: BindParameter[Any] = bindparam("b_ids", expanding=True)
_LAPSED = messages.c.lease_holder.is_not(None)
_LAPSES = select(messages.c.id, messages.c.lapses, messages.c.cause).where(messages.c.id.in_(_IDS), _LAPSED)
# Invariant 3: this one update is the claim. Whatever was read before, its condition decides. The condition
# stands in a CASE so that rows are found by their ids: to PostgreSQL, whose counts are those of a quiet hour,
# all that waits looks like fewer.
_STILL_DUE = case((is_due(_NOW), 1), else_=0) == 1
_LEASE = (
    update(messages)
    .where(messages.c.id.in_(_IDS), _STILL_DUE)
    .values(
        lease_until=bindparam("b_until", type_=Moment()),
        lease_holder=bindparam("b_holder"),
        enqueued_until=None,  # if the lease lapses, nothing stands in the queue for it
        attempts=messages.c.attempts + 1,
        lapses=messages.c.lapses + case((_LAPSED, 1), else_=0),
        uncertain=case((_LAPSED, True), else_=messages.c.uncertain),
    )
    .returning(
        messages.c.id,
        messages.c.subscription,
        messages.c.recipient,
        messages.c.channel,
        messages.c.host,
        messages.c.cause,
        messages.c.cause_ref,
        messages.c.created_at,
        messages.c.notice_id,
        messages.c.parent_id,
        messages.c.failures,
        messages.c.lapses,
        messages.c.uncertain,
    )
)
_TAKE_SLOTS = (
    update(paces)
    .where(paces.c.name.in_(bindparam("b_names", expanding=True)))
    .values(next_at=bindparam("b_slot", type_=Moment()))
)


def claim(
    connection: Connection,
    limits: Limits,
    free: int,
    holder: str,
    now: datetime,
    *,
    avoid_slow: bool = False,
    hosts: HostQueue | None = None,
) -> Claims:
    """Claim up to `free` messages of a channel, fairly over its hosts.

    `holder` is drawn afresh for each claim: a result is recorded only by who holds the lease. With
    `avoid_slow`, hosts that timed out lately are left alone. `hosts` spares a job that claims often from
    reading all that is due each time.
    """
    hosts = hosts or HostQueue(limits.channel)
    if not hosts.is_old():
        claims = _Claiming(connection, limits, free, holder, now, avoid_slow).run(hosts)
        if claims.claimed:
            return claims
    hosts.refresh(connection, now)
    return _Claiming(connection, limits, free, holder, now, avoid_slow).run(hosts)


class _Claiming:
    """One claim, in one transaction."""

    def __init__(
        self, connection: Connection, limits: Limits, free: int, holder: str, now: datetime, avoid_slow: bool
    ) -> None:
        self.connection = connection
        self.limits = limits
        self.free = free
        self.holder = holder
        self.now = now
        self.avoid_slow = avoid_slow
        self.live = live(connection, limits.channel, now)
        self.troubled = 0  # how many more messages may go to hosts that timed out lately
        self.claimed: list[Claimed] = []
        self.given_up: list[str] = []
        self.slots: list[datetime] = []

    def run(self, queue: HostQueue) -> Claims:
        """Go through the hosts until there is no room left."""
        hosts = list(queue)
        # A few hosts that hang must not hold every slot.
        spent = sum(self.live.get(host.name, 0) for host in hosts if host.troubled)
        self.troubled = max(1, self.limits.in_flight // 2) - spent
        while hosts and len(self.claimed) < self.free:
            batch, hosts = hosts[:_HOSTS_AT_ONCE], hosts[_HOSTS_AT_ONCE:]
            self._take(queue, [host for host in batch if self._room(host) > 0 and not self._is_paced(host)])
        return Claims(tuple(self.claimed), tuple(self.given_up), min(self.slots, default=None))

    def _room(self, host: ReceiverHost) -> int:
        room = host.most(self.limits) - self.live.get(host.name, 0)
        if self.limits.pace is not None:
            room = min(room, 1)
        if host.troubled:
            room = 0 if self.avoid_slow else min(room, self.troubled)
        return room

    def _is_paced(self, host: ReceiverHost) -> bool:
        if not host.is_paced(self.limits, self.now):
            return False
        assert host.next_at is not None
        self.slots.append(host.next_at)
        return True

    def _take(self, queue: HostQueue, hosts: Sequence[ReceiverHost]) -> None:
        """Claim from hosts; their rows in `paces` are ours until the transaction ends."""
        ours = self._lock(hosts)
        wanted = self._candidates([host for host in hosts if host.name in ours])
        lost = self._lapsed([one for ids in wanted.values() for one in ids])
        wanted = {name: [one for one in ids if one not in lost] for name, ids in wanted.items()}
        got = self._lease([one for ids in wanted.values() for one in ids])
        self.claimed += got
        self._after_lease(queue, hosts, {each.host for each in got})

    def _lock(self, hosts: Sequence[ReceiverHost]) -> set[str]:
        """Lock hosts' rows against other claimers; left out is who is locked, or whose slot is taken.

        Invariant 9: next_at is read under the lock that the claim of the slot is written under.
        """
        new = [self._pace(host) for host in hosts if host.next_at is None]
        if new:
            insert = upsert(self.connection)(paces).on_conflict_do_nothing()
            self.connection.execute(insert, [{"name": name, "next_at": self.now} for name in new])
        names = {self._pace(host): host.name for host in hosts}
        if not names:
            return set()
        slot = self.now if self.limits.pace is not None else _NEVER
        locked = self.connection.scalars(_FREE_HOSTS, {"b_names": list(names), "b_slot": slot})
        found = {names[name] for name in locked}
        if self.connection.dialect.name != "sqlite":
            # Until a moment ago somebody else could claim for them. SQLite has one writer at a time.
            self.live = live(self.connection, self.limits.channel, self.now)
        return found

    def _pace(self, host: ReceiverHost) -> str:
        return pace_name(self.limits.channel, host.name)

    def _candidates(self, hosts: Sequence[ReceiverHost]) -> dict[str, list[str]]:
        """Messages that may go out now, by host: never more than there is room for, anywhere."""
        found: dict[str, list[str]] = {}
        left = self.free - len(self.claimed)
        nexts = self._nexts(hosts) if self.limits.pace is not None else None
        for host in hosts:
            room = min(self._room(host), left)
            if room <= 0:
                continue
            ids = nexts.get(host.name, []) if nexts is not None else self._of_one(host, room)
            found[host.name] = ids
            left -= len(ids)
            self.troubled -= len(ids) if host.troubled else 0
        return found

    def _nexts(self, hosts: Sequence[ReceiverHost]) -> dict[str, list[str]]:
        prefix = pace_name(self.limits.channel, "")
        bound = self._bound() | {"b_names": [self._pace(host) for host in hosts], "b_from": len(prefix) + 1}
        rows = self.connection.execute(_NEXTS, bound) if hosts else ()
        return {row.name.removeprefix(prefix): [row.id] for row in rows if row.id is not None}

    def _of_one(self, host: ReceiverHost, room: int) -> list[str]:
        bound = self._bound() | {"b_host": host.name, "b_wanted": room}
        return list(self.connection.scalars(_CANDIDATES, bound))

    def _bound(self) -> dict[str, Any]:
        return {"b_channel": self.limits.channel, "b_now": self.now}

    def _lapsed(self, ids: Sequence[str]) -> set[str]:
        """Note whose sender never reported back; those whose senders died again and again are not for now."""
        if not ids:
            return set()
        lapsed = self.connection.execute(_LAPSES, {"b_ids": ids}).all()
        _note_lapses(self.connection, [row.id for row in lapsed], self.now)
        kept = set()
        for row in lapsed:
            lapses = row.lapses + 1
            if lapses >= MOST_LAPSES:
                _give_up(self.connection, row.id, lapses)
                self.given_up.append(row.id)
                kept.add(row.id)
            elif wait := self._wait(lapses, row.cause):
                _put_off(self.connection, row.id, lapses, self.now + wait)
                kept.add(row.id)
        return kept

    def _wait(self, lapses: int, cause: str) -> timedelta | None:
        """How long a message whose senders die again and again is left alone; the schedule is not used up."""
        steps = () if cause == Cause.TEST else self.limits.retry
        return steps[lapses - _SPACED] if 0 <= lapses - _SPACED < len(steps) else None

    def _lease(self, ids: Sequence[str]) -> list[Claimed]:
        return _lease(self.connection, ids, self.holder, self.now, self.limits.lease) if ids else []

    def _after_lease(self, queue: HostQueue, hosts: Sequence[ReceiverHost], served: set[str]) -> None:
        """Take the slots of who was served; who has nothing to send is dropped."""
        full = len(self.claimed) >= self.free
        taken = [host for host in hosts if host.name in served]
        for host in hosts:
            if host.name not in served and not full:
                queue.drop(host)
        if self.limits.pace is None or not taken:
            return
        slot = self.now + self.limits.pace
        names = [self._pace(host) for host in taken]
        self.connection.execute(_TAKE_SLOTS, {"b_names": names, "b_slot": slot})
        self.slots.append(slot)
        for host in taken:
            host.next_at = slot


def _note_lapses(connection: Connection, lapsed: Iterable[str], now: datetime) -> None:
    """Whoever held these never said what came of them: they may have arrived."""
    detail = "the sender ended before it could say what came of it"
    rows = [{"message_id": one, "at": now, "outcome": "unknown", "detail": detail} for one in lapsed]
    if rows:
        connection.execute(attempts.insert(), rows)


def _put_off(connection: Connection, one: str, lapses: int, due_at: datetime) -> None:
    """Whoever was killed may have been killed by something else, which is over by then."""
    _let_go(connection, one, lapses, f"{lapses} senders ended while they had it", {"due_at": due_at})


def _give_up(connection: Connection, one: str, lapses: int) -> None:
    reason = f"given up: {lapses} senders ended while they had it"
    _let_go(connection, one, lapses, reason, {"state": "dead"})
    settle(connection, [one])


def _let_go(connection: Connection, one: str, lapses: int, error: str, values: dict[str, Any]) -> None:
    freed = {"lease_holder": None, "lease_until": None, "enqueued_until": None}
    known = {"lapses": lapses, "error": error, "uncertain": True}
    connection.execute(update(messages).where(messages.c.id == one).values(values | known | freed))


def _lease(
    connection: Connection, ids: Sequence[str], holder: str, now: datetime, lease: timedelta
) -> list[Claimed]:
    until = now + lease
    bound = {"b_ids": ids, "b_now": now, "b_until": until, "b_holder": holder}
    rows = connection.execute(_LEASE, bound).mappings()
    leased = {row["id"]: _claimed(row, holder, until) for row in rows}
    return [leased[one] for one in ids if one in leased]


def _claimed(row: RowMapping, holder: str, until: datetime) -> Claimed:
    found = dict(row)
    found |= {"cause": Cause(row["cause"]), "host": row["host"] or "", "holder": holder, "lease_until": until}
    return Claimed(**found)
