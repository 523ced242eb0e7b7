"""What an intake writes about its source: its row, with the poller's columns, and what it has covered."""

from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, insert, or_, select, update

from monitor import incidents
from monitor.incidents import SourceOutcome
from monitor.intake.evidence import CaptureRecord, digest, keep_evidence
from monitor.intake.values import AgeMarks, Arrival, Intake, PollColumns, ReadCapture, RememberedPage
from monitor.record.settings import Source
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import captures, coverage, sources
from monitor.record.store.store import upsert
from monitor.record.values import Format, Notice, Outcome

# An agency's page is the same evidence in either of these forms.
_TWINS = {Format.AGENCY: Format.TEXT, Format.TEXT: Format.AGENCY}


WELL = {"outcome": Outcome.UNCHANGED, "message": "", "stale_copies": 0}


# The source's row ------------------------------------------------------------------------------------


def ensure(connection: Connection, source_id: str) -> None:
    """Make the source's row, if it has none."""
    connection.execute(upsert(connection)(sources).values(id=source_id).on_conflict_do_nothing())


def write_columns(connection: Connection, arrival: Arrival, intake: Intake) -> Intake:
    """Commit the poller's columns with the capture."""
    if columns := arrival.options.columns:
        write_row(connection, arrival.source.id, {}, columns, believed=intake.is_believed)
    return intake


def write_row(
    connection: Connection,
    source_id: str,
    values: dict[str, Any],
    columns: PollColumns | None,
    *,
    believed: bool = False,
) -> None:
    """Write values into a source's row, and the poller's columns with them, by one statement."""
    new = {**values, **columns.values(believed=believed)} if columns else values
    given = {f"new_{name}": value for name, value in new.items()}
    if columns:
        given["holder"] = columns.ends_lease_of
    statement = _statement(tuple(new), ends_lease=columns is not None)
    statement.count(connection, {"source": source_id, **given})


@lru_cache(maxsize=16)
def _statement(names: tuple[str, ...], *, ends_lease: bool) -> Prepared:
    """The update of a source's row in some columns: composed once, as it is executed for every page."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    if ends_lease:
        mine = sources.c.lease_holder == bindparam("holder")  # never so where it is NULL
        values["lease_until"] = case((mine, None), else_=sources.c.lease_until)
        values["lease_holder"] = case((mine, None), else_=sources.c.lease_holder)
    if "last_captured_at" in names:
        taken, last = values["last_captured_at"], sources.c.last_captured_at
        values["last_captured_at"] = case((last > taken, last), else_=taken)
    return Prepared(update(sources).where(sources.c.id == bindparam("source")).values(values))


# What it has covered ---------------------------------------------------------------------------------


def covered(connection: Connection, source: Source, read: ReadCapture) -> Row[Any] | None:
    """The last believed capture of the same subject in the same format, or None."""
    return connection.execute(select(coverage).where(*_mine(source, read, read.capture.format))).one_or_none()


def cover(connection: Connection, arrival: Arrival, read: ReadCapture) -> bool:
    """Write that a capture was believed, and its marks of age; returns whether it is its subject's first."""
    marks = asdict(AgeMarks.of(arrival, read.capture.stamp))
    values = {**marks, "last_captured_at": arrival.captured_at, "seen": read.seen}
    mine = _mine(arrival.source, read, read.capture.format)
    _note_captured(connection, arrival)
    if connection.execute(update(coverage).where(*mine).values(values)).rowcount:
        return False
    key = {"source_id": arrival.source.id, "format": read.capture.format, "subject": read.subject}
    row = insert(coverage).values(**key, first_captured_at=arrival.captured_at, **values)
    connection.execute(row)
    twin = _TWINS.get(read.capture.format)
    query = select(coverage.c.subject)
    return twin is None or connection.execute(query.where(*_mine(arrival.source, read, twin))).first() is None


def _note_captured(connection: Connection, arrival: Arrival) -> None:
    # A report's page saved long ago may be taken in after today's export; and a time in the future was
    # written by a clock that ran ahead: the source's silence would not be noticed.
    last = sources.c.last_captured_at
    older = or_(last.is_(None), last < arrival.captured_at, last > arrival.now)
    mine = update(sources).where(sources.c.id == arrival.source.id, older)
    connection.execute(mine.values(last_captured_at=arrival.captured_at))


def _mine(source: Source, read: ReadCapture, format: Format) -> tuple[ColumnElement[bool], ...]:
    subject = coverage.c.subject == read.subject
    return coverage.c.source_id == source.id, coverage.c.format == format, subject


# A capture that changes nothing ----------------------------------------------------------------------


def note_unchanged(connection: Connection, arrival: Arrival, last: RememberedPage, marks: AgeMarks) -> Intake:
    """The page that the source showed last, once more: it is as recent as this copy."""
    source_id = arrival.source.id
    mine = {"source": source_id, "form": last.format, "of": last.subject}
    age = {"stamp": marks.stamp, "modified_at": marks.modified_at, "served_at": marks.served_at}
    _SEEN_AGAIN.count(
        connection, {**mine, **{f"new_{name}": mark for name, mark in age.items()}, "at": arrival.captured_at}
    )
    intake = Intake(Outcome.UNCHANGED, seen=last.seen)
    if last.troubled:
        intake = replace(intake, notices=record_outcome(connection, arrival, Outcome.UNCHANGED))
    well = {**WELL, "last_captured_at": arrival.captured_at}
    write_row(connection, source_id, well, arrival.options.columns, believed=True)
    return intake


_SEEN_AGAIN = Prepared(
    update(coverage)
    .where(
        coverage.c.source_id == bindparam("source"),
        coverage.c.format == bindparam("form"),
        coverage.c.subject == bindparam("of"),
    )
    .values(
        stamp=bindparam("new_stamp"),
        modified_at=bindparam("new_modified_at"),
        served_at=bindparam("new_served_at"),
        last_captured_at=bindparam("at"),
    )
)


def note_stale(connection: Connection, arrival: Arrival, why: str, seen: int) -> Intake:
    """An old copy out of some cache: it says nothing about today."""
    message = f"an older copy than the last one: {why}"
    if not arrival.page.headers:  # a file that somebody saved: no cache is stuck
        return Intake(Outcome.UNCHANGED, message, seen, stale=True)
    outcome, notices = incidents.record_stale_copy(connection, arrival.source.id, message, arrival.now)
    return Intake(outcome, message, seen, notices=notices, stale=True)


def record_outcome(
    connection: Connection, arrival: Arrival, outcome: Outcome, message: str = ""
) -> tuple[Notice, ...]:
    """Write how the reading ended into the source's row; returns what operators are to hear of it."""
    ended = SourceOutcome(arrival.source.id, outcome, message, arrival.now, arrival.is_saved_copy)
    return incidents.record(connection, ended)


def hold(connection: Connection, arrival: Arrival, record: CaptureRecord) -> Intake:
    """Keep a page that is not believed, for a person to look at; the same bytes are kept once."""
    same = (captures.c.source_id == arrival.source.id, captures.c.sha256 == digest(record.lasting))
    query = select(captures.c.id).where(*same, captures.c.held, captures.c.settled.is_(None))
    held = connection.scalar(query)
    if held is None:
        held = keep_evidence(connection, arrival, record)
    reason = (record.reason or "").rstrip(".")
    message = f"held back as capture {held}: {reason}. {_what_to_do(held)}"
    notices = record_outcome(connection, arrival, Outcome.QUARANTINED, message)
    return Intake(Outcome.QUARANTINED, message, record.seen, capture_id=held, notices=notices)


def _what_to_do(held: int) -> str:
    """What it means, and what operators are to do, in words that can be typed."""
    return (
        f"No subscriber was told. Look: recwatch quarantine show {held}. Then: recwatch quarantine "
        f"release {held} (accept it anyway) or recwatch quarantine discard {held}."
    )
