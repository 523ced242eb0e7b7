"""What is covered now: how many recommendations are open, and how many each subscription matches."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from monitor.record.settings import Subscription
from monitor.record.store.schema import recommendations
from recwatch.queries.recommendations import agency_names, nearest_agencies
from workers.messages.coverage import Coverage, coverage

_MOST_NAMED = 20  # in a line of the log; check-config names them all


@dataclass(frozen=True, slots=True)
class Covered:
    """What one subscription covers. `nearest`: agencies that may have been meant, where it is nothing."""

    subscription: str
    channel: str
    counted: Coverage
    nearest: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`cbp-team will hear of 25, 2 of them priority`."""
        priority = f", {self.counted.priority} of them priority" if self.counted.priority else ""
        return f"{self.subscription} will hear of {self.counted.total:,}{priority}"


def coverage_now(connection: Connection, subscriptions: Sequence[Subscription]) -> tuple[int, list[Covered]]:
    """How many recommendations are open, and what each subscription covers of them."""
    counted = coverage(connection, subscriptions)
    return _open(connection), [
        Covered(each.id, each.channel, counted[each.id], _nearest(connection, each, counted[each.id]))
        for each in subscriptions
    ]


def _open(connection: Connection) -> int:
    closed = recommendations.c.status.startswith("closed")
    query = select(func.count()).where(recommendations.c.present, ~closed)
    return connection.scalar(query) or 0


def _nearest(connection: Connection, subscription: Subscription, counted: Coverage) -> tuple[str, ...]:
    if counted.total or not subscription.match.agencies:
        return ()
    known = [row.agency for row in agency_names(connection)]
    near = [name for wanted in subscription.match.agencies for name in nearest_agencies(wanted, known)]
    return tuple(dict.fromkeys(near))


def in_words(known: int, covered: Sequence[Covered]) -> str:
    """`5,379 open; cbp-team will hear of 25, 2 of them priority`."""
    more = len(covered) - _MOST_NAMED
    rest = [f"{more:,} more subscriptions"] if more > 0 else []
    return "; ".join([f"{known:,} open", *map(str, covered[:_MOST_NAMED]), *rest])
