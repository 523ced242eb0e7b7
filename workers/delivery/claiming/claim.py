"""Claims: one atomic update gives messages to one sender, before anything is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Connection, Select, bindparam, literal, select, update

from monitor.record.store.schema import messages, paces, receivers
from monitor.record.store.store import upsert
from monitor.record.store.times import Moment
from workers.delivery.claiming.claimable import is_due, is_free, pace_name
from workers.delivery.claiming.hosts import HostQueue, Limits, Receiver, ReceiverHost, in_flight
from workers.delivery.claiming.lapses import put_off_lapsed
from workers.delivery.claiming.leasing import Claimed, LeaseTerms, lease

__all__ = ["ClaimRequest", "Claimed", "Claims", "HostQueue", "Limits", "claim"]

_HOSTS_AT_ONCE = 100  # asked for their next message in one statement
_SPARE_OFFERS = 8  # receivers of a host that are asked besides those there is room for: some have nothing
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Who claims, and how much.

    `holder` is drawn afresh for each claim: a result is recorded only by who holds the lease. With
    `avoid_slow`, receivers that timed out lately are left alone.
    """

    limits: Limits
    free: int
    holder: str
    now: datetime
    avoid_slow: bool = False


@dataclass(frozen=True, slots=True)
class Claims:
    """What a claim gave: messages, those that were given up, and when a paced host is free again."""

    claimed: tuple[Claimed, ...] = ()
    given_up: tuple[str, ...] = ()
    next_slot: datetime | None = None


# Built once: claims are made many times a second, and building a statement costs more than running it.
_NOW = bindparam("b_now", type_=Moment())
_FREE_HOSTS = (
    select(paces.c.name)
    .where(
        paces.c.name.in_(bindparam("b_names", expanding=True)),
        paces.c.next_at <= bindparam("b_slot", type_=Moment()),
    )
    .with_for_update(skip_locked=True)
)
# The next message of each of many receivers.
_NEXT = (
    select(messages.c.id)
    .where(
        messages.c.state == "waiting",
        messages.c.channel == bindparam("b_channel"),
        messages.c.host == receivers.c.host,
        messages.c.subscription == receivers.c.subscription,
        is_due(_NOW),
        is_free(),
    )
    .order_by(messages.c.due_at, messages.c.created_at, messages.c.id)
    .limit(literal(1))
    .with_for_update(skip_locked=True, of=messages)
    .correlate(receivers)
    .scalar_subquery()
)
_NEXTS: Select[tuple[str, str | None]] = select(receivers.c.name, _NEXT.label("id")).where(
    receivers.c.name.in_(bindparam("b_names", expanding=True))
)
_TAKE_SLOTS = (
    update(paces)
    .where(paces.c.name.in_(bindparam("b_names", expanding=True)))
    .values(next_at=bindparam("b_slot", type_=Moment()))
)
_TAKE_TURNS = (
    update(receivers).where(receivers.c.name.in_(bindparam("b_names", expanding=True))).values(turn_at=_NOW)
)


def claim(connection: Connection, request: ClaimRequest, queue: HostQueue | None = None) -> Claims:
    """Claim messages of a channel, fairly over its hosts and their receivers.

    `queue` spares a job that claims often from reading all that is due each time.
    """
    queue = queue or HostQueue(request.limits.channel)
    if not queue.is_old():
        claims = _Claiming(connection, request, queue).run()
        if claims.claimed:
            return claims
    queue.refresh(connection, request.now)
    return _Claiming(connection, request, queue).run()


_Offer = tuple[ReceiverHost, Receiver]


class _Claiming:
    """One claim, in one transaction."""

    def __init__(self, connection: Connection, request: ClaimRequest, queue: HostQueue) -> None:
        self.connection = connection
        self.request = request
        self.limits = request.limits
        self.now = request.now
        self.queue = queue
        self.live = in_flight(connection, request.limits, request.now)
        self.claimed: list[Claimed] = []
        self.given_up: list[str] = []
        self.slots: list[datetime] = []

    def run(self) -> Claims:
        """Go through the hosts until there is no room left."""
        hosts = iter(self.queue)
        while (some := list(islice(hosts, _HOSTS_AT_ONCE))) and self._free() > 0:
            locked = self._lock([host for host in some if not self._is_paced(host)])
            while self._free() > 0 and (offers := list(self._offers(locked))):
                self._serve(offers)
        return Claims(tuple(self.claimed), tuple(self.given_up), min(self.slots, default=None))

    def _free(self) -> int:
        return self.request.free - len(self.claimed)

    def _is_paced(self, host: ReceiverHost) -> bool:
        if not host.is_paced(self.limits, self.now):
            return False
        assert host.next_at is not None
        self.slots.append(host.next_at)
        return True

    def _lock(self, hosts: Sequence[ReceiverHost]) -> list[ReceiverHost]:
        """Lock hosts' rows until the transaction ends; left out is who is locked, or whose slot is taken.

        Invariant 9: next_at is read under the lock that the claim of the slot is written under.
        """
        new = [self._pace(host) for host in hosts if host.next_at is None]
        if new:
            insert = upsert(self.connection)(paces).on_conflict_do_nothing()
            self.connection.execute(insert, [{"name": name, "next_at": self.now} for name in new])
        if not hosts:
            return []
        slot = self.now if self.limits.pace is not None else _NEVER
        bound = {"b_names": [self._pace(host) for host in hosts], "b_slot": slot}
        locked = set(self.connection.scalars(_FREE_HOSTS, bound))
        if self.connection.dialect.name != "sqlite":
            # Until a moment ago somebody else could claim for them. SQLite has one writer at a time.
            self.live = in_flight(self.connection, self.limits, self.now)
        return [host for host in hosts if self._pace(host) in locked]

    def _pace(self, host: ReceiverHost) -> str:
        return pace_name(self.limits.channel, host.name)

    def _offers(self, hosts: Sequence[ReceiverHost]) -> Iterator[_Offer]:
        """Receivers that may have a request now; within a host, those that were served longest ago first."""
        for host in hosts:
            if host.is_paced(self.limits, self.now):
                continue
            room = self.limits.per_host - self.live.hosts[host.name]
            turns = sorted(host.receivers, key=lambda each: each.turn_at or _LONG_AGO)
            able = (each for each in turns if self._has_room(each) and (each.troubled or room > 0))
            for receiver in islice(able, max(room, 1) + _SPARE_OFFERS):
                yield host, receiver

    def _has_room(self, receiver: Receiver) -> bool:
        busy = self.live.receivers[receiver.name]
        if receiver.troubled:
            # A few receivers that hang must not hold every slot.
            budget = max(1, self.limits.in_flight // 2) - self.live.troubled
            return not self.request.avoid_slow and busy == 0 and budget > 0
        if not receiver.proven:
            return busy == 0
        return busy < self.limits.per_host and self.live.hanging[receiver.name] == 0

    def _serve(self, offers: Sequence[_Offer]) -> None:
        """Claim the next message of receivers, as far as there is room; who has none is dropped."""
        chosen = self._choose(offers)
        lapsed = put_off_lapsed(self.connection, self.limits, list(chosen), self.now)
        self.given_up += lapsed.given_up
        ids = [one for one in chosen if one not in lapsed.kept]
        terms = LeaseTerms(self.request.holder, self.now, self.limits.lease)
        got = {each.id: each for each in lease(self.connection, ids, terms)}
        self.claimed += (got[one] for one in ids if one in got)
        for one, offer in chosen.items():
            if one not in got:
                self._count(offer, -1)
                if one not in lapsed.kept:
                    self.queue.drop(*offer)  # somebody else has it
        self._take_turns([offer for one, offer in chosen.items() if one in got])

    def _choose(self, offers: Sequence[_Offer]) -> dict[str, _Offer]:
        """Messages that there is room for, in the order of the offers."""
        found = self._nexts(offers)
        chosen: dict[str, _Offer] = {}
        paced: set[str] = set()
        for host, receiver in offers:
            message = found.get(receiver.name)
            if message is None:
                self.queue.drop(host, receiver)
            elif len(chosen) < self._free() and host.name not in paced and self._may_take(host, receiver):
                self._count((host, receiver), 1)
                chosen[message] = host, receiver
                if self.limits.pace is not None:
                    paced.add(host.name)
        return chosen

    def _may_take(self, host: ReceiverHost, receiver: Receiver) -> bool:
        """Whether there still is room, after what was chosen before it."""
        has_capacity = receiver.troubled or self.live.hosts[host.name] < self.limits.per_host
        return has_capacity and self._has_room(receiver)

    def _count(self, offer: _Offer, by: int) -> None:
        host, receiver = offer
        self.live.receivers[receiver.name] += by
        if receiver.troubled:
            self.live.troubled += by
        else:
            self.live.hosts[host.name] += by

    def _nexts(self, offers: Sequence[_Offer]) -> dict[str, str | None]:
        new = [
            {"name": receiver.name, "host": host.name, "subscription": receiver.subscription}
            for host, receiver in offers
            if not receiver.stored
        ]
        if new:
            self.connection.execute(upsert(self.connection)(receivers).on_conflict_do_nothing(), new)
        names = [receiver.name for _, receiver in offers]
        bound = {"b_channel": self.limits.channel, "b_now": self.now, "b_names": names}
        return {row.name: row.id for row in self.connection.execute(_NEXTS, bound)}

    def _take_turns(self, served: Sequence[_Offer]) -> None:
        """Note whose turn it was, where others wait for theirs, and take the slots of paced hosts."""
        turned = [receiver.name for host, receiver in served if len(host.receivers) > 1]
        if turned:
            self.connection.execute(_TAKE_TURNS, {"b_names": turned, "b_now": self.now})
        for host, receiver in served:
            self.queue.served(host, receiver, self.now)
        if self.limits.pace is None or not served:
            return
        slot = self.now + self.limits.pace
        names = [self._pace(host) for host, _ in served]
        self.connection.execute(_TAKE_SLOTS, {"b_names": names, "b_slot": slot})
        self.slots.append(slot)
        for host, _ in served:
            host.next_at = slot
