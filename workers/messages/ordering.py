"""In which order outbox rows are fanned out: earlier events of the same recommendations first (invariant 8).

Pages are taken in one at a time (docs/decisions/0004), so a row is younger than those with earlier events of
its recommendations. A store that was not described for months may hold thousands of rows.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, select, union

from monitor.record.batches import batched
from monitor.record.store.schema import events, outbox

# An event goes out with its capture, a reminder with its batch.
EVENTS_OF_ROW = (events.c.capture_id == outbox.c.capture_id, events.c.batch == outbox.c.event_id)


def rows_in_order(connection: Connection, outbox_id: int) -> list[int]:
    """The row and the unpublished ones that have to go before it, the earliest first."""
    older = and_(outbox.c.published_at.is_(None), outbox.c.id < outbox_id)
    if connection.scalar(select(outbox.c.id).where(older).limit(1)) is None:
        return [outbox_id]
    found, fresh, recommendations = {outbox_id}, [outbox_id], set[int]()
    while fresh:
        added = _in_batches(connection, _recommendations, fresh) - recommendations
        recommendations |= added
        fresh = sorted(_in_batches(connection, _rows_before(outbox_id), added) - found)
        found.update(fresh)
    return sorted(found)


def _in_batches(
    connection: Connection, query: Callable[[Sequence[int]], Select[Any]], ids: Iterable[int]
) -> set[int]:
    return {each for batch in batched(sorted(ids)) for each in connection.scalars(query(batch))}


def _recommendations(rows: Sequence[int]) -> Select[Any]:
    """The recommendations that outbox rows have events of."""
    by_capture, by_batch = (
        select(events.c.recommendation_id)
        .select_from(outbox.join(events, joined))
        .where(outbox.c.id.in_(rows))
        for joined in EVENTS_OF_ROW
    )
    both = union(by_capture, by_batch).subquery()
    return select(both.c.recommendation_id)


def _rows_before(outbox_id: int) -> Callable[[Sequence[int]], Select[Any]]:
    """Unpublished rows older than this one that hold events of recommendations."""

    def query(recommendations: Sequence[int]) -> Select[Any]:
        unpublished = and_(outbox.c.published_at.is_(None), outbox.c.id < outbox_id)
        by_capture, by_batch = (
            select(outbox.c.id)
            .select_from(events.join(outbox, joined))
            .where(events.c.recommendation_id.in_(recommendations), unpublished)
            for joined in EVENTS_OF_ROW
        )
        both = union(by_capture, by_batch).subquery()
        return select(both.c.id)

    return query
