"""What becomes of recommendations that left a complete source: lookups on their report's page, and their end.

A lookup is a row in the store, due at a time, like everything else that is due.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select, update

from monitor.intake import loading
from monitor.intake.writing import Pen, write_vanished
from monitor.record.settings import Source
from monitor.record.store.schema import lookups, readings
from monitor.record.store.store import upsert
from monitor.record.values import Format, Recommendation, is_closed

PATIENCE = timedelta(days=30)  # how long a report's page is asked
_AGAIN = timedelta(days=1)  # open there and still missing here: not asked again sooner


def report_url(source: Source, product: str) -> str:
    """Where a report's page is: by the source's own pattern, else on its own host, else on www.gao.gov."""
    if source.report_url:
        return source.report_url.replace("{number}", product.lower())
    parts = urlsplit(source.url or "https://www.gao.gov")
    return f"{parts.scheme}://{parts.netloc}/products/{product.lower()}"


def note_returned(pen: Pen, ids: Collection[int]) -> None:
    """They are listed again: nobody needs to ask any more."""
    settle(pen.connection, pen.reader.source, ids, "returned")


def settle(connection: Connection, source_id: str, ids: Collection[int], answer: str) -> None:
    """End the lookups of some recommendations with an answer."""
    for some in loading.chunks(ids):
        connection.execute(
            update(lookups)
            .where(lookups.c.source_id == source_id, lookups.c.recommendation_id.in_(some))
            .values(settled=answer)
        )


def note_gone(pen: Pen, source: Source, ids: list[int], confirmations: int) -> list[str]:
    """Count one more capture without them; ask about them, or report them as vanished. Returns event ids."""
    if not ids:
        return []
    misses = count_miss(pen, ids)
    asked = _ask(pen, source, ids) if _can_ask(pen, source) else {}
    vanished = [one for one in ids if misses[one] >= confirmations and _cannot_say(asked.get(one))]
    return write_vanished(pen, vanished)


def count_miss(pen: Pen, ids: list[int]) -> dict[int, int]:
    """Note one more capture without them; how many in a row that makes for each.

    Of closed ones, too: only so does a reopened one that comes back with the words it left with differ from
    one that a lagging source has listed all the time.
    """
    mine = (readings.c.source_id == pen.reader.source, readings.c.format == pen.reader.format)
    counted: dict[int, int] = {}
    for some in loading.chunks(ids):
        statement = update(readings).where(*mine, readings.c.recommendation_id.in_(some))
        statement = statement.values(misses=readings.c.misses + 1)
        rows = pen.connection.execute(statement.returning(readings.c.recommendation_id, readings.c.misses))
        counted.update((row[0], row[1]) for row in rows)
    return counted


def _can_ask(pen: Pen, source: Source) -> bool:
    # A report's own page has just been read: there is nobody else to ask. Imported history asks nobody.
    return source.confirm_closures and pen.reader.format == Format.CSV and not pen.silent


def _ask(pen: Pen, source: Source, ids: list[int]) -> dict[int, Any]:
    """Make or revive a lookup for each; returns the lookups as they stand, by recommendation."""
    subjects = loading.load_subjects(pen.connection, ids)
    fresh = [
        {
            "recommendation_id": one,
            "source_id": source.id,
            "product": row.product,
            "url": report_url(source, row.product),
            "left_at": pen.now,
            "due_at": pen.now,
        }
        for one, row in subjects.items()
        if row.product
    ]
    if fresh:
        pen.connection.execute(upsert(pen.connection)(lookups).on_conflict_do_nothing(), fresh)
    _revive(pen, source, ids)
    query = select(lookups).where(lookups.c.source_id == source.id, lookups.c.recommendation_id.in_(ids))
    return {row.recommendation_id: row for row in pen.connection.execute(query)}


def _revive(pen: Pen, source: Source, ids: list[int]) -> None:
    mine = (lookups.c.source_id == source.id, lookups.c.recommendation_id.in_(ids))
    # It was listed again, or closed, and has left once more: a new departure.
    pen.connection.execute(
        update(lookups)
        .where(*mine, lookups.c.settled.in_(("returned", "closed")))
        .values(settled=None, left_at=pen.now, due_at=pen.now, attempts=0, message=None)
    )
    # Open on its report's page, and yet missing here: it may be closed there by now.
    pen.connection.execute(
        update(lookups)
        .where(*mine, lookups.c.settled == "open", lookups.c.due_at <= pen.now - _AGAIN)
        .where(lookups.c.left_at > pen.now - PATIENCE)
        .values(settled=None, due_at=pen.now, attempts=0)
    )


def _cannot_say(lookup: Any) -> bool:
    """Whether the report's page is of no help: nobody to ask, or asked in vain."""
    if lookup is None:
        return True
    return lookup.settled == "expired" or (lookup.settled is None and lookup.attempts > 0)


def pending(connection: Connection, source_id: str, product: str) -> set[int]:
    """Recommendations of a report that somebody waits to hear of."""
    query = select(lookups.c.recommendation_id).where(
        lookups.c.source_id == source_id, lookups.c.product == product, lookups.c.settled.is_(None)
    )
    return set(connection.scalars(query))


def answer(pen: Pen, waiting: Collection[int], rows: dict[int, Recommendation]) -> None:
    """Settle what a report's page says; what it doesn't show stays asked."""
    source_id = pen.reader.source
    found = [one for one in waiting if one in rows]
    settle(pen.connection, source_id, [one for one in found if is_closed(rows[one].status)], "closed")
    still_open = [one for one in found if not is_closed(rows[one].status)]
    settle(pen.connection, source_id, still_open, "open")
    for some in loading.chunks([*still_open]):
        pen.connection.execute(
            update(lookups)
            .where(lookups.c.source_id == source_id, lookups.c.recommendation_id.in_(some))
            .values(due_at=pen.now, message="open on its report's page")
        )
    for some in loading.chunks(set(waiting) - set(found)):
        pen.connection.execute(
            update(lookups)
            .where(lookups.c.source_id == source_id, lookups.c.recommendation_id.in_(some))
            .values(
                attempts=lookups.c.attempts + 1,
                due_at=pen.now + _AGAIN,
                message="its report's page does not show it",
            )
        )
