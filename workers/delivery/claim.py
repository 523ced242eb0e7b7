"""Claims: one atomic update gives a message to one sender, before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, case, func, select, update

from monitor.record.schema import Moment, attempts, messages, paces
from monitor.record.store import upsert
from workers.delivery.claimable import is_due, is_free, pace_name
from workers.values import Cause

MOST_LAPSES = 5  # a message whose senders died so often is taken for what kills them
TROUBLED_FOR = timedelta(minutes=5)  # after a time-out a host gets one request at a time


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a channel may have in flight, in a job and to a host; `pace` lies between two to one host."""

    channel: str
    in_flight: int
    per_host: int
    pace: timedelta | None
    lease: timedelta


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
    uncertain: bool
    holder: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Catch:
    """What a look for work gave: messages claimed, messages given up, and when a paced host is free again."""

    claimed: tuple[Claimed, ...] = ()
    given_up: tuple[str, ...] = ()
    next_slot: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Host:
    name: str
    live: int
    next_at: datetime | None
    troubled: bool


# Built once: claims are made many times a second, and building a statement costs more than running it.
_NOW = bindparam("b_now", type_=Moment())
_MINE = and_(messages.c.state == "waiting", messages.c.channel == bindparam("b_channel"))
_DUE_HOSTS = (
    select(messages.c.host)
    .where(_MINE, messages.c.due_at <= _NOW)
    .group_by(messages.c.host)
    .order_by(func.min(messages.c.due_at))
)
_LIVE = (
    select(messages.c.host, func.count())
    .where(messages.c.lease_until > _NOW, _MINE)
    .group_by(messages.c.host)
)
_PACES = select(paces).where(paces.c.name.in_(bindparam("b_names", expanding=True)))
_PACE = select(paces.c.next_at).where(paces.c.name == bindparam("b_name")).with_for_update(skip_locked=True)
_CANDIDATES = (
    select(messages.c.id, messages.c.lease_holder, messages.c.lapses)
    .where(_MINE, messages.c.host == bindparam("b_host"), is_due(_NOW), is_free())
    .order_by(messages.c.due_at, messages.c.created_at, messages.c.id)
    .limit(bindparam("b_wanted", type_=Integer()))
    .with_for_update(skip_locked=True, of=messages)
)
_LAPSED = messages.c.lease_holder.is_not(None)
# Invariant 3: this one update is the claim. Whatever was read before, its condition decides.
_LEASE = (
    update(messages)
    .where(messages.c.id.in_(bindparam("b_ids", expanding=True)), is_due(_NOW))
    .values(
        lease_until=bindparam("b_until", type_=Moment()),
        lease_holder=bindparam("b_holder"),
        enqueued_until=None,  # if the lease lapses, nothing stands in the queue for it
        attempts=messages.c.attempts + 1,
        lapses=messages.c.lapses + case((_LAPSED, 1), else_=0),
        uncertain=case((_LAPSED, True), else_=messages.c.uncertain),
    )
    .returning(messages)
)


def claim(
    connection: Connection, limits: Limits, free: int, holder: str, now: datetime, *, wary: bool = False
) -> Catch:
    """Claim up to `free` messages of a channel, fairly over its hosts.

    `holder` is drawn afresh for each claim: a result is recorded only by who holds the lease. With
    `wary`, hosts that timed out lately are left alone.
    """
    hosts = _hosts(connection, limits.channel, now)
    # A few hosts that hang must not hold every slot.
    troubled = max(1, limits.in_flight // 2) - sum(host.live for host in hosts if host.troubled)
    claimed: list[Claimed] = []
    given_up: list[str] = []
    slots: list[datetime] = []
    for host in hosts:
        room = min(free - len(claimed), _most(limits, host) - host.live)
        if host.troubled:
            room = 0 if wary else min(room, troubled)
        if room <= 0:
            continue
        if limits.pace is not None and host.next_at is not None and host.next_at > now:
            slots.append(host.next_at)
            continue
        got, lost = _claim_from(connection, limits, host, room, holder, now)
        claimed += got
        given_up += lost
        troubled -= len(got) if host.troubled else 0
        if got and limits.pace is not None:
            slots.append(now + limits.pace)
    return Catch(tuple(claimed), tuple(given_up), min(slots, default=None))


def _most(limits: Limits, host: _Host) -> int:
    return 1 if host.troubled else limits.per_host


def _hosts(connection: Connection, channel: str, now: datetime) -> list[_Host]:
    """Hosts with something due, who waits longest first."""
    mine = {"b_channel": channel, "b_now": now}
    names = list(connection.scalars(_DUE_HOSTS, mine))
    if not names:
        return []
    live: dict[str | None, int] = {row[0]: row[1] for row in connection.execute(_LIVE, mine)}
    wanted = [pace_name(channel, name or "") for name in names]
    rows = connection.execute(_PACES, {"b_names": wanted}).mappings()
    known = {row["name"]: row for row in rows}
    return [_host(channel, name or "", live.get(name, 0), known, now) for name in names]


def _host(channel: str, name: str, live: int, known: Mapping[str, Any], now: datetime) -> _Host:
    row = known.get(pace_name(channel, name), {"next_at": None, "timed_out_at": None})
    timed_out = row["timed_out_at"]
    return _Host(name, live, row["next_at"], timed_out is not None and timed_out > now - TROUBLED_FOR)


def _claim_from(
    connection: Connection, limits: Limits, host: _Host, room: int, holder: str, now: datetime
) -> tuple[list[Claimed], list[str]]:
    """Claim from one host; its row in `paces` is ours until the transaction ends."""
    if not _take_host(connection, limits, host, now):
        return [], []
    room = min(room, _most(limits, host) - _live_now(connection, limits, host, now))
    rows = _candidates(connection, limits, host, min(room, 1 if limits.pace is not None else room), now)
    lapsed = [row for row in rows if row["lease_holder"] is not None]
    _note_lapses(connection, lapsed, now)
    lost = [row["id"] for row in lapsed if row["lapses"] + 1 >= MOST_LAPSES]
    _give_up(connection, lost)
    ids = [row["id"] for row in rows if row["id"] not in lost]
    got = _lease(connection, ids, holder, now, limits.lease) if ids else []
    if got and limits.pace is not None:
        name = paces.c.name == pace_name(limits.channel, host.name)
        connection.execute(update(paces).where(name).values(next_at=now + limits.pace))
    return got, lost


def _take_host(connection: Connection, limits: Limits, host: _Host, now: datetime) -> bool:
    """Lock a host's row against other claimers; False where one has it, or the host's slot is taken.

    Invariant 9: next_at is read under the lock that the claim of the slot is written under.
    """
    name = pace_name(limits.channel, host.name)
    if host.next_at is None:
        insert = upsert(connection)(paces).on_conflict_do_nothing()
        connection.execute(insert, {"name": name, "next_at": now})
    next_at: datetime | None = connection.scalar(_PACE, {"b_name": name})
    return next_at is not None and (limits.pace is None or next_at <= now)


def _live_now(connection: Connection, limits: Limits, host: _Host, now: datetime) -> int:
    """What is in flight to a host, now that nobody else can claim for it."""
    if connection.dialect.name == "sqlite":
        return host.live  # there is one writer: nothing has changed since it was read
    live = connection.execute(_LIVE, {"b_channel": limits.channel, "b_now": now})
    return next((count for name, count in live if (name or "") == host.name), 0)


def _candidates(
    connection: Connection, limits: Limits, host: _Host, wanted: int, now: datetime
) -> list[Mapping[str, Any]]:
    if wanted <= 0:
        return []
    bound = {"b_channel": limits.channel, "b_host": host.name, "b_now": now, "b_wanted": wanted}
    return [dict(row) for row in connection.execute(_CANDIDATES, bound).mappings()]


def _note_lapses(connection: Connection, lapsed: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Whoever held these never said what came of them: they may have arrived."""
    detail = "the sender ended before it could say what came of it"
    rows = [{"message_id": row["id"], "at": now, "outcome": "unknown", "detail": detail} for row in lapsed]
    if rows:
        connection.execute(attempts.insert(), rows)


def _give_up(connection: Connection, ids: Sequence[str]) -> None:
    if ids:
        reason = f"given up: {MOST_LAPSES} senders ended while they had it"
        dead = update(messages).where(messages.c.id.in_(ids))
        connection.execute(
            dead.values(
                state="dead",
                error=reason,
                uncertain=True,
                lapses=MOST_LAPSES,
                lease_holder=None,
                lease_until=None,
            )
        )


def _lease(
    connection: Connection, ids: Sequence[str], holder: str, now: datetime, lease: timedelta
) -> list[Claimed]:
    bound = {"b_ids": ids, "b_now": now, "b_until": now + lease, "b_holder": holder}
    rows = {row["id"]: _claimed(dict(row)) for row in connection.execute(_LEASE, bound).mappings()}
    return [rows[one] for one in ids if one in rows]


def _claimed(row: Mapping[str, Any]) -> Claimed:
    return Claimed(
        id=row["id"],
        subscription=row["subscription"],
        recipient=row["recipient"],
        channel=row["channel"],
        host=row["host"] or "",
        cause=Cause(row["cause"]),
        cause_ref=row["cause_ref"],
        created_at=row["created_at"],
        notice_id=row["notice_id"],
        parent_id=row["parent_id"],
        failures=row["failures"],
        uncertain=row["uncertain"],
        holder=row["lease_holder"],
        lease_until=row["lease_until"],
    )
