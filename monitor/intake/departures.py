"""Recommendations that left a complete source: look-ups on their report's page, and what ends them.

A look-up is a row in the store, due at a time, like everything else that is due.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select, update

from monitor.intake import loading
from monitor.intake.changesets import Changeset
from monitor.intake.writing import CaptureWriter, write_vanished
from monitor.record.batches import batched
from monitor.record.settings import Gate, Source
from monitor.record.store.schema import lookups, readings
from monitor.record.store.store import upsert
from monitor.record.values import Format, is_closed

PATIENCE = timedelta(days=30)  # how long a report's page is asked
_AGAIN = timedelta(days=1)  # open there and still missing here: not asked again sooner


def report_url(source: Source, product: str) -> str:
    """Where a report's page is: by the source's own pattern, else on its own host, else on www.gao.gov."""
    if source.report_url:
        return source.report_url.replace("{number}", product.lower())
    parts = urlsplit(source.url or "https://www.gao.gov")
    return f"{parts.scheme}://{parts.netloc}/products/{product.lower()}"


def write_departures(writer: CaptureWriter, source: Source, limits: Gate, changes: Changeset) -> list[str]:
    """Write what left the source and what is back; returns the events' ids of those that vanished."""
    settle(writer.connection, source.id, changes.returned, "returned")
    count_miss(writer, changes.absent)
    if not changes.gone:
        return []
    misses = count_miss(writer, changes.gone)
    asked = _ask(writer, source, changes.gone) if _can_ask(writer, source) else {}
    vanished = [
        one
        for one in changes.gone
        if misses[one] >= limits.vanish_confirmations and _cannot_say(asked.get(one))
    ]
    return write_vanished(writer, vanished)


def settle(connection: Connection, source_id: str, ids: Collection[int], answer: str) -> None:
    """End the look-ups of some recommendations with an answer."""
    _note_answer(connection, source_id, ids, {"settled": answer})


def count_miss(writer: CaptureWriter, ids: list[int]) -> dict[int, int]:
    """Count one more capture without them; returns how many in a row that makes for each.

    Closed ones are counted, too: only so a reopened one that is back with the words it left with differs from
    one that a lagging source has listed all the time.
    """
    mine = (readings.c.source_id == writer.reader.source, readings.c.format == writer.reader.format)
    counted: dict[int, int] = {}
    for some in batched(ids):
        statement = update(readings).where(*mine, readings.c.recommendation_id.in_(some))
        statement = statement.values(misses=readings.c.misses + 1)
        rows = writer.connection.execute(statement.returning(readings.c.recommendation_id, readings.c.misses))
        counted.update((row[0], row[1]) for row in rows)
    return counted


def _can_ask(writer: CaptureWriter, source: Source) -> bool:
    # A report's own page has just been read: there is no other to ask. Imported history asks for none.
    return source.confirm_closures and writer.reader.format == Format.CSV and not writer.silent


def _ask(writer: CaptureWriter, source: Source, ids: list[int]) -> dict[int, Any]:
    """Make or revive a look-up for each; returns their rows, by recommendation."""
    subjects = loading.load_subjects(writer.connection, ids)
    fresh = [
        {
            "recommendation_id": one,
            "source_id": source.id,
            "product": row.product,
            "url": report_url(source, row.product),
            "left_at": writer.now,
            "due_at": writer.now,
        }
        for one, row in subjects.items()
        if row.product
    ]
    if fresh:
        writer.connection.execute(upsert(writer.connection)(lookups).on_conflict_do_nothing(), fresh)
    _revive(writer, source, ids)
    query = select(lookups).where(lookups.c.source_id == source.id, lookups.c.recommendation_id.in_(ids))
    return {row.recommendation_id: row for row in writer.connection.execute(query)}


def _revive(writer: CaptureWriter, source: Source, ids: list[int]) -> None:
    mine = (lookups.c.source_id == source.id, lookups.c.recommendation_id.in_(ids))
    # It was listed again, or closed, and has left once more.
    writer.connection.execute(
        update(lookups)
        .where(*mine, lookups.c.settled.in_(("returned", "closed")))
        .values(settled=None, left_at=writer.now, due_at=writer.now, attempts=0, message=None)
    )
    # Open on its report's page and still missing here: it may be closed there by now.
    writer.connection.execute(
        update(lookups)
        .where(*mine, lookups.c.settled == "open", lookups.c.due_at <= writer.now - _AGAIN)
        .where(lookups.c.left_at > writer.now - PATIENCE)
        .values(settled=None, due_at=writer.now, attempts=0)
    )


def _cannot_say(lookup: Any) -> bool:
    """Whether the report's page cannot say: there is none to ask for, or it was asked for in vain."""
    if lookup is None:
        return True
    return lookup.settled == "expired" or (lookup.settled is None and lookup.attempts > 0)


def pending(connection: Connection, source_id: str, subject: str) -> set[int]:
    """Recommendations with an open look-up, where the subject is their report; none of another subject."""
    query = select(lookups.c.recommendation_id).where(
        lookups.c.source_id == source_id, lookups.c.product == subject, lookups.c.settled.is_(None)
    )
    return set(connection.scalars(query))


def answer(writer: CaptureWriter, subject: str, changes: Changeset) -> None:
    """Settle the look-ups that a report's page answers; those of recommendations that it lacks stay open."""
    connection, source_id = writer.connection, writer.reader.source
    waiting = pending(connection, source_id, subject)
    if not waiting:
        return
    shown = {one: change.compared.row.status for one, change in changes.shown.items() if one in waiting}
    closed = {one for one, status in shown.items() if is_closed(status)}
    still_open = shown.keys() - closed
    settle(connection, source_id, closed, "closed")
    settle(connection, source_id, still_open, "open")
    open_there = {"due_at": writer.now, "message": "open on its report's page"}
    _note_answer(connection, source_id, still_open, open_there)
    hidden = {
        "attempts": lookups.c.attempts + 1,
        "due_at": writer.now + _AGAIN,
        "message": "its report's page does not show it",
    }
    _note_answer(connection, source_id, waiting - shown.keys(), hidden)


def _note_answer(
    connection: Connection, source_id: str, ids: Collection[int], values: dict[str, Any]
) -> None:
    for some in batched(ids):
        mine = (lookups.c.source_id == source_id, lookups.c.recommendation_id.in_(some))
        connection.execute(update(lookups).where(*mine).values(values))
