"""Queries about events and revisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from monitor.record.settings import SIGNALS
from monitor.record.store.queries import load_events
from monitor.record.store.schema import events, recommendations, revisions
from monitor.record.values import Event, EventType, Kind, State, Subject
from recwatch.errors import Exit, Failure
from recwatch.queries.recommendations import Filter, clauses
from workers.channels.text.common import meaning
from workers.messages.describe import describe_event, described_events
from workers.values import DescribedEvent, Difference


def find(
    connection: Connection, wanted: Filter, *, since: datetime | None = None, signal: str | None = None
) -> list[DescribedEvent]:
    """Events with their meaning, oldest first."""
    if signal is not None and signal not in SIGNALS:
        raise Failure(f'"{signal}" is not a signal; known: {", ".join(SIGNALS)}', Exit.CONFIGURATION)
    query = (
        select(events.c.id)
        .join(recommendations, recommendations.c.id == events.c.recommendation_id)
        .where(*clauses(connection, wanted))
        .order_by(events.c.at, events.c.recommendation_id, events.c.revision)
    )
    if since is not None:
        query = query.where(events.c.at >= since)
    found = load_events(connection, ids=list(connection.scalars(query)))
    return [one for one in described_events(connection, found) if signal is None or _has(one, signal)]


def _has(described: DescribedEvent, signal: str) -> bool:
    return any(one.kind == signal for one in described.significance.signals)


def one_event(connection: Connection, name: str) -> DescribedEvent:
    """The event with this id, or with the only id that begins so."""
    wanted = name.strip()
    ids = list(connection.scalars(select(events.c.id).where(events.c.id == wanted)))
    if not ids and len(wanted) > len("evt_"):
        begins = events.c.id.startswith(wanted, autoescape=True)
        ids = list(connection.scalars(select(events.c.id).where(begins).limit(6)))
    if not ids:
        hint = f"`recwatch history {wanted}` prints its revisions; " if "-" in wanted else ""
        raise Failure(f'there is no event "{name}"; {hint}`recwatch changes` lists them')
    if len(ids) > 1:
        raise Failure(f'several events begin with "{name}": {", ".join(ids)}')
    return described_events(connection, load_events(connection, ids=ids))[0]


def history(connection: Connection, recommendation: Any) -> list[dict[str, Any]]:
    """Every revision, oldest first, with the difference from the one before."""
    query = (
        select(revisions)
        .where(revisions.c.recommendation_id == recommendation.id)
        .order_by(revisions.c.number)
    )
    rows = list(connection.execute(query))
    by_revision = _events_of(connection, recommendation.id)
    found = []
    for before, row in zip([None, *rows], rows, strict=False):
        described = by_revision.get(row.number)
        found.append(_revision(recommendation, row, described, _difference(recommendation, before, row)))
    return found


def _events_of(connection: Connection, recommendation_id: int) -> dict[int, DescribedEvent]:
    ids = connection.scalars(select(events.c.id).where(events.c.recommendation_id == recommendation_id))
    clock = (EventType.OVERDUE, EventType.STALLED)
    found = described_events(connection, load_events(connection, ids=list(ids)))
    return {each.event.revision: each for each in found if each.event.type not in clock}


def _revision(
    recommendation: Any, row: Any, described: DescribedEvent | None, difference: Difference
) -> dict[str, Any]:
    event = described.event if described else None
    return {
        "key": recommendation.key,
        "revision": row.number,
        "observed_at": row.observed_at,
        "source": row.source_id,
        "status": row.status,
        "priority": row.priority,
        "present": row.present,
        "narrative": row.narrative,
        "text": row.text,
        "fingerprint": row.fingerprint,
        "event_id": event.id if event else None,
        "type": str(event.type) if event else None,
        "changed": list(event.changed) if event else [],
        "what": meaning(described) if described else None,
        "diff": [list(run) for run in difference.narrative],
    }


def _difference(recommendation: Any, before: Any, row: Any) -> Difference:
    """Between consecutive revisions, computed anew: one without an event has none stored."""
    if before is None:
        return Difference()
    subject = Subject(
        key=recommendation.key,
        product=recommendation.product,
        kind=Kind(recommendation.kind),
        number=recommendation.number,
        agency=recommendation.agency,
        title=recommendation.title,
        text=row.text,
        url=recommendation.url,
    )
    event = Event(
        id="",
        type=EventType.UPDATED,
        source=row.source_id,
        at=row.observed_at,
        recommendation_id=recommendation.id,
        revision=row.number,
        subject=subject,
        changed=("narrative",),
        old=_state(before),
        new=_state(row),
    )
    return describe_event(event).difference


def _state(row: Any) -> State:
    return State(row.status, row.priority, row.narrative, row.fingerprint, row.text, row.observed_at)
