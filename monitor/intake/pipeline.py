"""The way of a page into the store: recognise → read → decide → write.

`take_in` is that way, from its first to its last step; each step has a module of its own: short_cuts,
reading, changesets, and writing with departures.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, insert

from monitor.formats import NotAPage
from monitor.intake import departures, short_cuts, source_rows, writing
from monitor.intake.changesets import Changeset, appeared, compare, gate_input
from monitor.intake.decide import gate
from monitor.intake.evidence import CaptureRecord, keep_evidence
from monitor.intake.reading import lasting, read_page
from monitor.intake.values import AgeMarks, Arrival, Intake, Lasting, ReadCapture
from monitor.intake.writing import CaptureWriter, Happening
from monitor.record.settings import Settings
from monitor.record.store.intake_lock import take_turn
from monitor.record.store.schema import outbox
from monitor.record.store.store import Store
from monitor.record.values import EventType, Outcome

# What monitor.formats calls pages that keep programs out.
WALLS = ("a bot check", "a refusal")
_SMALL = 256 * 1024  # bytes: such a page is no longer


def take_in(store: Store, settings: Settings, arrival: Arrival) -> Intake:
    """Take a page in: believed and written, or held back; with the columns to be committed with it."""
    arrival = short_cuts.identified(arrival)
    if unchanged := short_cuts.recognise_page(store, arrival):
        return unchanged
    raw = short_cuts.split_rows(arrival)
    if raw:
        with turn(store) as connection:
            if some := short_cuts.recognise_rows(connection, arrival, raw):
                return _conclude(connection, settings, arrival, some)
    else:
        arrival = arrival.without_phones()
    try:
        read = read_page(arrival, raw)
    except NotAPage as error:
        return _refuse(store, arrival, lasting(arrival, raw), error)
    with turn(store) as connection:
        return _conclude(connection, settings, arrival, read)


@contextmanager
def turn(store: Store) -> Iterator[Connection]:
    """A transaction during which nobody else changes what is known.

    Invariant 1: detection runs in here, one intake at a time; state, revision, event and outbox row are
    committed together or not at all.
    """
    with store.write() as connection:
        take_turn(connection)
        yield connection


def _refuse(store: Store, arrival: Arrival, kept: Lasting, error: NotAPage) -> Intake:
    """Hold back what cannot be read; a wall that a site puts up is not even kept."""
    is_wall = len(arrival.page.body) <= _SMALL and any(wall in error.reason for wall in WALLS)
    if arrival.options.fetched and is_wall:
        return Intake(Outcome.BLOCKED, error.reason)
    record = CaptureRecord(kept, None, Outcome.QUARANTINED, reason=str(error))
    with turn(store) as connection:
        return source_rows.write_columns(connection, arrival, source_rows.hold(connection, arrival, record))


def _conclude(connection: Connection, settings: Settings, arrival: Arrival, read: ReadCapture) -> Intake:
    """Decide about a capture and write it, with the poller's columns."""
    source_rows.ensure(connection, arrival.source.id)
    intake = _outdated(connection, arrival, read) or _decide(connection, settings, arrival, read)
    return source_rows.write_columns(connection, arrival, intake)


def _outdated(connection: Connection, arrival: Arrival, read: ReadCapture) -> Intake | None:
    """End an intake at a capture that is older than the last believed one."""
    last = source_rows.covered(connection, arrival.source, read)
    if last is None:
        return None
    if not arrival.options.released:
        why = AgeMarks.of(arrival, read.capture.stamp).older_than(last)
        return source_rows.note_stale(connection, arrival, why, read.seen) if why else None
    if arrival.captured_at < last.last_captured_at <= arrival.now:
        # It was held back long enough for a newer one to be believed: it is no news of today.
        return Intake(Outcome.UNCHANGED, "a newer capture has been believed since", read.seen)
    return None


def _decide(connection: Connection, settings: Settings, arrival: Arrival, read: ReadCapture) -> Intake:
    """Believe a capture, or hold it back."""
    waiting = departures.pending(connection, arrival.source.id, read.subject)
    changes = compare(connection, arrival, read).answering(waiting, arrival.captured_at)
    if not arrival.options.released:
        judged = gate_input(connection, arrival, read, changes)
        if doubt := gate.objection(read.capture, judged, settings.gate):
            record = CaptureRecord(read.lasting, read.capture.format, Outcome.QUARANTINED, read.seen, doubt)
            return source_rows.hold(connection, arrival, record)
    is_first = source_rows.cover(connection, arrival, read)
    intake = write(connection, settings, arrival, read, replace(changes, first=is_first))
    notices = source_rows.record_outcome(connection, arrival, intake.outcome)
    lasts = not (arrival.options.released or changes.gone or waiting)
    short_cuts.remember(connection, arrival, read, lasts=lasts)
    return replace(intake, notices=notices)


def write(
    connection: Connection, settings: Settings, arrival: Arrival, read: ReadCapture, changes: Changeset
) -> Intake:
    """Write what a believed capture changes: identities, state, events, readings, departures."""
    capture_id = _keep(connection, arrival, read, changes)
    silent = arrival.options.silent
    writer = CaptureWriter(
        connection, read.reader(arrival.source), capture_id, arrival.captured_at, arrival.now, silent
    )
    opened, events = _write_changes(writer, read, changes)
    vanished = departures.write_departures(writer, arrival.source, settings.gate, changes)
    departures.answer(writer, read.subject, changes)
    happened = (*events, *vanished)
    outcome = Outcome.CHANGED if happened else Outcome.BASELINE if changes.first else Outcome.UNCHANGED
    types = [change.decision.type for change in changes.events.values()]
    return Intake(
        outcome,
        seen=read.seen,
        opened=opened,
        updated=types.count(EventType.UPDATED),
        closed=types.count(EventType.CLOSED),
        reopened=types.count(EventType.REOPENED),
        vanished=len(vanished),
        events=happened,
        outbox_id=_enqueue(writer) if happened and not silent else None,
        capture_id=capture_id,
        notes=read.capture.notes + changes.notes,
        left=bool(changes.gone),
    )


def _write_changes(writer: CaptureWriter, read: ReadCapture, changes: Changeset) -> tuple[int, list[str]]:
    """Write what rows change; returns how many recommendations are new, and the events' ids."""
    happened, rebased = changes.events, changes.rebased
    moved = writing.write_identities(writer, changes)
    writing.write_rebased(writer, rebased.values())
    short_cuts.forget(writer.connection, moved | rebased.keys() | happened.keys())
    places = appeared(writer.connection, read, changes)
    ids = writing.write_unseen(writer, [row for _, row in changes.unseen], read.row_hashes)
    opened = [one for one, (place, _) in zip(ids, changes.unseen, strict=True) if place in places]
    events = writing.write_events(writer, [Happening(one, EventType.OPENED, new=1) for one in opened])
    events += writing.write_changes(writer, happened.values())
    writing.write_readings(writer, changes.readings)
    writing.write_row_hashes(writer, changes)
    return len(opened), events


def _keep(connection: Connection, arrival: Arrival, read: ReadCapture, changes: Changeset) -> int | None:
    """Keep the bytes of a capture that changes something; the capture's id."""
    if not (changes.first or changes.events or changes.unseen or changes.gone):
        return None
    outcome = Outcome.BASELINE if changes.first else Outcome.CHANGED
    record = CaptureRecord(read.lasting, read.capture.format, outcome, read.seen)
    return keep_evidence(connection, arrival, record)


def _enqueue(writer: CaptureWriter) -> int:
    """Add the capture's outbox row."""
    row = insert(outbox).values(capture_id=writer.capture_id, created_at=writer.now)
    return int(writer.connection.execute(row.returning(outbox.c.id)).scalar_one())
