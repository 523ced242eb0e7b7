"""A host's row in `hosts`: its pace, its refusals, its robots.txt."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select, update

from monitor.fetching import schedule
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import hosts
from monitor.record.store.store import Store, upsert

DEFAULT_INTERVAL = timedelta(seconds=10)
LONGEST_INTERVAL = timedelta(days=1)
# Neither our back-off nor a Retry-After is longer than a day: what is was written by a clock that ran ahead.
_LONGEST_REFUSAL = timedelta(days=1, hours=1)


@dataclass(frozen=True, slots=True)
class Host:
    """A host as the store knows it. `robots` is the text of its robots.txt, None if never believed."""

    name: str
    next_allowed_at: datetime | None = None
    robots: str | None = None
    robots_fetched_at: datetime | None = None
    refused_until: datetime | None = None
    refusals: int = 0


def load(store: Store, name: str) -> Host:
    """What is known of a host; a blank one where nothing is."""
    with store.read() as connection:
        return read(connection, name)


def read(connection: Connection, name: str) -> Host:
    """The same within a transaction."""
    row = connection.execute(_READ, {"name": name}).one_or_none()
    return Host(*row) if row else Host(name)


_READ = select(
    hosts.c.host,
    hosts.c.next_allowed_at,
    hosts.c.robots,
    hosts.c.robots_fetched_at,
    hosts.c.refused_until,
    hosts.c.refusals,
).where(hosts.c.host == bindparam("name"))


def claim(store: Store, name: str, interval: timedelta, now: datetime) -> bool:
    """Take the host's next request, if it is free now; the one after it is `interval` away.

    One update that only one process can win, so that all of them together keep the pace (invariant 9).
    A time further away than any interval was written by a clock that ran ahead, and is void.
    """
    with store.write(light=True) as connection:
        _ensure(connection, name)
        return take_turn(connection, name, interval, now)


def take_turn(connection: Connection, name: str, interval: timedelta, now: datetime) -> bool:
    """The same within a transaction, for a host that has its row."""
    moments = {"now": now, "void": now + LONGEST_INTERVAL, "next": now + min(interval, LONGEST_INTERVAL)}
    return connection.execute(_TAKE_TURN, {"name": name, **moments}).rowcount == 1


_TAKE_TURN = (
    update(hosts)
    .where(
        hosts.c.host == bindparam("name"),
        or_(
            hosts.c.next_allowed_at.is_(None),
            hosts.c.next_allowed_at <= bindparam("now"),
            hosts.c.next_allowed_at > bindparam("void"),
        ),
    )
    .values(next_allowed_at=bindparam("next"))
)


def take_turn_of(connection: Connection, known: Host, interval: timedelta, now: datetime) -> bool:
    """The same for a host as it was read before: not where its rules or refusals are others by now."""
    moments = {"now": now, "void": now + LONGEST_INTERVAL, "next": now + min(interval, LONGEST_INTERVAL)}
    mine = {"name": known.name, "fetched": known.robots_fetched_at}
    return _TAKE_TURN_OF.count(connection, {**mine, **moments}) == 1


# Rules are only ever written together with the time at which they were fetched.
_TAKE_TURN_OF = Prepared(
    _TAKE_TURN.where(
        hosts.c.robots_fetched_at == bindparam("fetched"),
        hosts.c.refusals == 0,
        hosts.c.refused_until.is_(None),
    )
)


def wait_for(host: Host, now: datetime) -> timedelta:
    """How long until the host's pace allows the next request; zero when it does now."""
    free_at = host.next_allowed_at
    if free_at is None or free_at > now + LONGEST_INTERVAL:
        return timedelta(0)
    return max(free_at - now, timedelta(0))


def held_back_until(host: Host, now: datetime) -> datetime | None:
    """Until when a host that refused or could not be reached is left alone; None if it may be asked."""
    until = host.refused_until
    return until if until and now < until <= now + _LONGEST_REFUSAL else None


def refused(store: Store, name: str, now: datetime, every: timedelta, retry_at: datetime | None) -> datetime:
    """Write down that the host refuses or cannot be reached; returns when it may be asked again."""
    with store.write() as connection:
        _ensure(connection, name)
        query = select(hosts.c.refusals).where(hosts.c.host == name).with_for_update()
        count = connection.execute(query).scalar_one() + 1
        until = schedule.next_try(now, count, min(every, LONGEST_INTERVAL), retry_at=retry_at)
        _set(connection, name, refusals=count, refused_until=until)
    return until


def answered(store: Store, host: Host) -> None:
    """Write down that the host gave a page: its refusals are over."""
    if host.refusals or host.refused_until:
        with store.write() as connection:
            _set(connection, host.name, refusals=0, refused_until=None)


def keep_robots(store: Store, name: str, text: str | None, now: datetime) -> None:
    """Keep the rules for a day; None where the answer was not to be believed: older rules stand."""
    with store.write() as connection:
        _ensure(connection, name)
        values = {"robots_fetched_at": now} | ({} if text is None else {"robots": text})
        _set(connection, name, **values)


def _ensure(connection: Connection, name: str) -> None:
    connection.execute(upsert(connection)(hosts).values(host=name, refusals=0).on_conflict_do_nothing())


def _set(connection: Connection, name: str, **values: object) -> None:
    connection.execute(update(hosts).where(hosts.c.host == name).values(**values))
