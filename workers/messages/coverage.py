"""How many recommendations each subscription covers now, and when they were last read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.record.folding import fold_agency
from monitor.record.settings import Match, Subscription
from monitor.record.store.schema import readings, recommendations, sources
from monitor.record.values import is_closed
from workers.messages.routing import Standing, covers, split_keyword


@dataclass(frozen=True, slots=True)
class Coverage:
    """Open recommendations that a subscription would hear of, how many of them are priorities."""

    total: int = 0
    priority: int = 0


def coverage(connection: Connection, subscriptions: Sequence[Subscription]) -> dict[str, Coverage]:
    """Count for each subscription, by its id."""
    wordy = any(not split_keyword(word)[0] for each in subscriptions for word in each.match.keywords)
    standings = _standings(connection, wordy, any(each.match.sources for each in subscriptions))
    by_agency: dict[str, list[Standing]] = {}
    for standing in standings:
        by_agency.setdefault(fold_agency(standing.agency), []).append(standing)
    counted: dict[Match, Coverage] = {}  # many subscriptions ask for the same
    for each in subscriptions:
        if each.match not in counted:
            counted[each.match] = _count(each.match, _candidates(each.match, standings, by_agency))
    return {each.id: counted[each.match] for each in subscriptions}


def _candidates(
    match: Match, standings: Sequence[Standing], by_agency: Mapping[str, Sequence[Standing]]
) -> Iterable[Standing]:
    """What a match can cover at all, by what most matches name."""
    if not match.agencies:
        return standings
    names = dict.fromkeys(fold_agency(name) for name in match.agencies)
    return (standing for name in names for standing in by_agency.get(name, ()))


def _count(match: Match, standings: Iterable[Standing]) -> Coverage:
    covered = [standing for standing in standings if covers(match, standing)]
    return Coverage(len(covered), sum(standing.priority for standing in covered))


def _standings(connection: Connection, wordy: bool, sourced: bool) -> list[Standing]:
    """What stands open now; texts only where a keyword asks for them: they are most of the store."""
    names = (
        "id",
        "agency",
        "product",
        "kind",
        "status",
        "priority",
        *(("text", "narrative") if wordy else ()),
    )
    query = select(*(recommendations.c[name] for name in names)).where(recommendations.c.present)
    seen_by = _seen_by(connection) if sourced else {}
    return [
        Standing(
            agency=row["agency"],
            product=row["product"],
            kind=row["kind"],
            status=row["status"],
            priority=row["priority"],
            text=row.get("text", ""),
            narrative=row.get("narrative", ""),
            sources=seen_by.get(row["id"], ()),
        )
        for row in connection.execute(query).mappings()
        if not is_closed(row["status"])
    ]


def _seen_by(connection: Connection) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    query = select(readings.c.recommendation_id, readings.c.source_id).distinct()
    for recommendation, source in connection.execute(query):
        found[recommendation] = (*found.get(recommendation, ()), source)
    return found


def last_read_at(connection: Connection, subscription: Subscription) -> datetime | None:
    """When one of the subscription's sources was last believed; None before the first time."""
    query = select(func.max(sources.c.last_captured_at))
    if subscription.match.sources:
        query = query.where(sources.c.id.in_(subscription.match.sources))
    read_at: datetime | None = connection.scalar(query)
    return read_at
