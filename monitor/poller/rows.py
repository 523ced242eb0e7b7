"""What the poller reads from and writes to the rows of `sources`."""

from typing import Any

from sqlalchemy import Row, select

from monitor import incidents
from monitor.incidents import SourceOutcome
from monitor.intake import PollColumns, short_cuts, source_rows
from monitor.poller.leases import SourceRow
from monitor.record.settings import Source
from monitor.record.store.schema import sources
from monitor.record.store.store import Store
from monitor.record.values import Notice, Outcome


def load(store: Store, source_id: str) -> Row[Any] | None:
    """A source's row, or None before its first reading."""
    with store.read() as connection:
        return connection.execute(select(sources).where(sources.c.id == source_id)).one_or_none()


def conditions(row: SourceRow, source: Source) -> tuple[str | None, str | None]:
    """ETag and Last-Modified to send back; none where the whole page is wanted in any case.

    That is so where reading the page last believed again could change something
    (monitor/intake/short_cuts.py), and where the validators are those of another address.
    """
    if row.marks_url != source.url or not short_cuts.is_current(row.body_sha256):
        return None, None
    return row.etag, row.last_modified


def polled(store: Store, source_id: str, columns: PollColumns) -> None:
    """Write that a source was polled, and when it is due again."""
    with store.write() as connection:
        source_rows.write_row(connection, source_id, {}, columns)


def not_modified(store: Store, source_id: str, row: SourceRow, columns: PollColumns) -> tuple[Notice, ...]:
    """Write that the site vouches for the copy last believed: as good as having it again."""
    now = columns.last_polled_at
    notices: tuple[Notice, ...] = ()
    with store.write(light=row.is_well) as connection:
        if not row.is_well:
            notices = incidents.record(connection, SourceOutcome(source_id, Outcome.UNCHANGED, "", now))
        well = {**source_rows.WELL, "last_captured_at": now}
        source_rows.write_row(connection, source_id, well, columns)
    return notices


def failed(store: Store, ended: SourceOutcome, columns: PollColumns) -> tuple[Notice, ...]:
    """Write that a poll brought no page, and when it is tried again."""
    with store.write() as connection:
        notices = incidents.record(connection, ended)
        source_rows.write_row(connection, ended.source_id, {}, columns)
    return notices
