"""What the poller reads from and writes to the rows of `sources`."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from monitor import incidents
from monitor.record.schema import meta, readings, recommendations, sources
from monitor.record.settings import Source
from monitor.record.store import Store, upsert
from monitor.record.values import Notice, Outcome


def load(store: Store, source_id: str) -> Row[Any] | None:
    """A source's row, or None before its first reading."""
    with store.read() as connection:
        return connection.execute(select(sources).where(sources.c.id == source_id)).one_or_none()


def conditions(store: Store, source: Source) -> tuple[str | None, str | None]:
    """ETag and Last-Modified to send back; none where the whole page is wanted in any case.

    That is so while something is missing from the source, since "not modified" would not count as one
    more capture without it; and when the marks are those of another address.
    """
    with store.read() as connection:
        row = connection.execute(select(sources).where(sources.c.id == source.id)).one_or_none()
        marked = connection.execute(select(meta.c.value).where(meta.c.key == _marks_of(source.id))).scalar()
        if row is None or marked != source.url or _misses_something(connection, source.id):
            return None, None
        return row.etag, row.last_modified


def _marks_of(source_id: str) -> str:
    """Under which key it stands to which address a source's ETag and Last-Modified belong."""
    return f"marks-of:{source_id}"


def _misses_something(connection: Connection, source_id: str) -> bool:
    join = readings.join(recommendations, readings.c.recommendation_id == recommendations.c.id)
    waiting = and_(
        readings.c.source_id == source_id,
        readings.c.misses > 0,
        recommendations.c.present,
        recommendations.c.status.not_like("closed%"),
    )
    return (
        connection.execute(select(readings.c.source_id).select_from(join).where(waiting)).first() is not None
    )


def believed(store: Store, source: Source, headers: dict[str, str], now: datetime, due: datetime) -> None:
    """Note a page that was taken in: when it is due again, and the marks to send back then."""
    more: dict[str, Any] = {}
    with store.write() as connection:
        query = select(sources.c.stale_copies).where(sources.c.id == source.id)
        if not connection.execute(query).scalar():
            # A stale copy's marks would be confirmed by the cache that it came from, for ever.
            more = {"etag": headers.get("etag"), "last_modified": headers.get("last-modified")}
            insert = upsert(connection)(meta).values(key=_marks_of(source.id), value=source.url)
            same = {"value": source.url}
            connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=same))
        _schedule(connection, source.id, now, due, **more)


def polled(store: Store, source_id: str, now: datetime, due: datetime) -> None:
    """Note that a source was looked at, and when it is due again."""
    with store.write() as connection:
        _schedule(connection, source_id, now, due)


def not_modified(store: Store, source_id: str, now: datetime, due: datetime) -> tuple[Notice, ...]:
    """Note that the site vouches for the copy last believed: as good as having it again."""
    with store.write() as connection:
        told = incidents.record(connection, source_id, Outcome.UNCHANGED, "", now)
        _schedule(connection, source_id, now, due, last_captured_at=now)
    return told


def failed(
    store: Store, source_id: str, outcome: Outcome, message: str, now: datetime, due: datetime
) -> tuple[Notice, ...]:
    """Note a reading that brought no page, and when it is tried again."""
    with store.write() as connection:
        told = incidents.record(connection, source_id, outcome, message, now)
        _schedule(connection, source_id, now, due)
    return told


def _schedule(connection: Connection, source_id: str, now: datetime, due: datetime, **more: Any) -> None:
    values = {"last_polled_at": now, "next_poll_at": due, **more}
    connection.execute(update(sources).where(sources.c.id == source_id).values(values))
