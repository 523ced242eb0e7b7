"""What the poller reads from and writes to the rows of `sources`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor import incidents
from monitor.intake import Also, Intake, short_cuts, source_rows
from monitor.poller.leases import Leases, Standing
from monitor.record.settings import Source
from monitor.record.store.schema import sources
from monitor.record.store.store import Store
from monitor.record.values import Notice, Outcome


def load(store: Store, source_id: str) -> Row[Any] | None:
    """A source's row, or None before its first reading."""
    with store.read() as connection:
        return connection.execute(select(sources).where(sources.c.id == source_id)).one_or_none()


def conditions(standing: Standing, source: Source) -> tuple[str | None, str | None]:
    """ETag and Last-Modified to send back; none where the whole page is wanted in any case.

    That is so where reading the page last believed again could change something (see
    monitor/intake/short_cuts.py), and when the marks are those of another address.
    """
    if standing.marks_url != source.url or not short_cuts.is_current(standing.body_sha256):
        return None, None
    return standing.etag, standing.last_modified


def after(
    source: Source,
    headers: dict[str, str],
    schedule: Callable[[], tuple[datetime, datetime]],
    leases: Leases,
) -> Also:
    """What is noted with a page that was taken in: when it is due again, and the marks to send back then.

    Its lease is given back with it.
    """

    def values(intake: Intake) -> dict[str, Any]:
        now, due = schedule()
        noted: dict[str, Any] = {"last_polled_at": now, "next_poll_at": due, **leases.ending(source.id)}
        # A stale copy's marks would be confirmed by the cache that it came from, for ever.
        if intake.outcome in incidents.WELL and not intake.stale:
            noted |= {"etag": headers.get("etag"), "last_modified": headers.get("last-modified")}
            noted["marks_url"] = source.url
        return noted

    return values


def polled(store: Store, source_id: str, now: datetime, due: datetime) -> None:
    """Note that a source was looked at, and when it is due again."""
    with store.write() as connection:
        _schedule(connection, source_id, now, due)


def not_modified(
    store: Store, source_id: str, standing: Standing, now: datetime, due: datetime, leases: Leases
) -> tuple[Notice, ...]:
    """Note that the site vouches for the copy last believed: as good as having it again. Ends the lease."""
    with store.write(light=standing.is_well) as connection:
        told: tuple[Notice, ...] = ()
        if not standing.is_well:
            told = incidents.record(connection, source_id, Outcome.UNCHANGED, "", now)
        well = {"outcome": Outcome.UNCHANGED, "message": "", "stale_copies": 0}
        _schedule(connection, source_id, now, due, last_captured_at=now, **well, **leases.ending(source_id))
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
    source_rows.note(connection, source_id, {"last_polled_at": now, "next_poll_at": due, **more})
