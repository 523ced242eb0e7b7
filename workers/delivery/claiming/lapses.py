"""Messages whose senders never reported back: the attempt is recorded, and what keeps killing senders waits.

Promise 1: a message whose sender dies again and again is sent alone, later and later along the schedule. From
the third lapse on, each takes a step of it, as a failed attempt does: what killed the senders may have been
something else, which is over by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from monitor.record.store.schema import attempts, messages
from workers.delivery.claiming.hosts import Limits
from workers.delivery.claiming.leasing import LAPSED
from workers.delivery.claiming.settling import settle

SPACED = 3  # from this lapse on each is followed by a wait
FEWEST = 5  # lapses that end a message where there is no schedule
_IDS: BindParameter[Any] = bindparam("b_ids", expanding=True)
_LAPSES = select(messages.c.id, messages.c.lapses).where(messages.c.id.in_(_IDS), LAPSED)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Messages that are not to be sent now, and those of them that were given up."""

    kept: frozenset[str] = frozenset()
    given_up: tuple[str, ...] = ()


def put_off_lapsed(connection: Connection, limits: Limits, ids: Sequence[str], now: datetime) -> Lapsed:
    """Record the attempts of senders that never reported back; put off messages whose senders keep dying."""
    if not ids:
        return Lapsed()
    lapsed = connection.execute(_LAPSES, {"b_ids": ids}).all()
    _record_attempts(connection, [row.id for row in lapsed], now)
    kept, given_up = set(), []
    for row in lapsed:
        lapses = row.lapses + 1
        if lapses >= max(SPACED + len(limits.retry), FEWEST):
            _give_up(connection, row.id, lapses)
            given_up.append(row.id)
            kept.add(row.id)
        elif 0 <= lapses - SPACED < len(limits.retry):
            _put_off(connection, row.id, lapses, now + limits.retry[lapses - SPACED])
            kept.add(row.id)
    return Lapsed(frozenset(kept), tuple(given_up))


def _record_attempts(connection: Connection, lapsed: Iterable[str], now: datetime) -> None:
    """Their outcome is unknown: they may have arrived."""
    detail = "the sender ended before it could report the outcome"
    rows = [{"message_id": one, "at": now, "outcome": "unknown", "detail": detail} for one in lapsed]
    if rows:
        connection.execute(attempts.insert(), rows)


def _put_off(connection: Connection, one: str, lapses: int, due_at: datetime) -> None:
    error = f"{lapses} senders ended while they had it; it is sent alone, later and later"
    _release(connection, one, lapses, {"error": error, "due_at": due_at})


def _give_up(connection: Connection, one: str, lapses: int) -> None:
    error = f"given up: {lapses} senders ended while they had it"
    _release(connection, one, lapses, {"error": error, "state": "dead"})
    settle(connection, [one])


def _release(connection: Connection, one: str, lapses: int, values: dict[str, Any]) -> None:
    freed = {"lease_holder": None, "lease_until": None, "enqueued_until": None}
    seen = {"lapses": lapses, "uncertain": True}
    connection.execute(update(messages).where(messages.c.id == one).values(values | seen | freed))
