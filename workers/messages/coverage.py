"""How many recommendations each subscription covers now, and when they were last read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.record.folding import fold_agency
from monitor.record.settings import Match, Subscription
from monitor.record.store.schema import readings, recommendations, sources
from monitor.record.values import is_closed
from workers.messages.routing import OpenRecommendation, covers, split_keyword


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many open recommendations a subscription covers, and how many of them are priorities."""

    total: int = 0
    priority: int = 0


def coverage(connection: Connection, subscriptions: Sequence[Subscription]) -> dict[str, Coverage]:
    """Count for each subscription, by its id."""
    with_texts = any(not split_keyword(word)[0] for each in subscriptions for word in each.match.keywords)
    with_sources = any(each.match.sources for each in subscriptions)
    found = _open_recommendations(connection, with_texts, with_sources)
    by_agency: dict[str, list[OpenRecommendation]] = {}
    for recommendation in found:
        by_agency.setdefault(fold_agency(recommendation.agency), []).append(recommendation)
    counted: dict[Match, Coverage] = {}  # many subscriptions have the same match
    for each in subscriptions:
        if each.match not in counted:
            counted[each.match] = _count(each.match, _candidates(each.match, found, by_agency))
    return {each.id: counted[each.match] for each in subscriptions}


def _candidates(
    match: Match, found: Sequence[OpenRecommendation], by_agency: Mapping[str, Sequence[OpenRecommendation]]
) -> Iterable[OpenRecommendation]:
    """Those of the match's agencies, which most matches name."""
    if not match.agencies:
        return found
    names = dict.fromkeys(fold_agency(name) for name in match.agencies)
    return (recommendation for name in names for recommendation in by_agency.get(name, ()))


def _count(match: Match, candidates: Iterable[OpenRecommendation]) -> Coverage:
    covered = [recommendation for recommendation in candidates if covers(match, recommendation)]
    return Coverage(len(covered), sum(recommendation.priority for recommendation in covered))


def _open_recommendations(
    connection: Connection, with_texts: bool, with_sources: bool
) -> list[OpenRecommendation]:
    """All that are open now; texts only where a keyword asks for them, as they are most of the store."""
    names = ["id", "agency", "product", "kind", "status", "priority"]
    names += ["text", "narrative"] if with_texts else []
    query = select(*(recommendations.c[name] for name in names)).where(recommendations.c.present)
    seen_by = _seen_by(connection) if with_sources else {}
    return [
        OpenRecommendation(
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
    """When a capture of one of the subscription's sources was last accepted; None before the first."""
    query = select(func.max(sources.c.last_captured_at))
    if subscription.match.sources:
        query = query.where(sources.c.id.in_(subscription.match.sources))
    read_at: datetime | None = connection.scalar(query)
    return read_at
