"""One page, taken in: believed and written down, or held back."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from monitor import incidents
from monitor.formats import NotAPage, extract, extract_apart
from monitor.formats.export_rows import Blanked, RawRows, take_apart
from monitor.formats.phones import blank_phones
from monitor.intake import departures, loading, rowwise, writing
from monitor.intake import short_cuts as remembering
from monitor.intake.changesets import Draft, draft, once_each
from monitor.intake.decide import gate
from monitor.intake.decide.detection import Reader
from monitor.intake.evidence import Lasting, digest, keep_evidence
from monitor.intake.source_rows import note_stale, same_again, write_also
from monitor.intake.values import Also, Intake, Marks, is_aside
from monitor.record import folding
from monitor.record.settings import Settings, Source
from monitor.record.store.intake_lock import take_turn
from monitor.record.store.schema import captures, coverage, outbox, sources
from monitor.record.store.store import Store, upsert
from monitor.record.values import (
    Capture,
    EventType,
    Format,
    Notice,
    Outcome,
    Page,
    Recommendation,
    is_closed,
)

# What monitor.formats calls pages that keep us out; a test holds the two together.
WALLS = ("a bot check", "a refusal")
_SMALL = 256 * 1024  # a wall's page
_COUNTED = {
    EventType.UPDATED: "updated",
    EventType.CLOSED: "closed",
    EventType.REOPENED: "reopened",
}


def take_in(  # noqa: PLR0913 - each names another way in which a page may come
    store: Store,
    settings: Settings,
    source: Source,
    page: Page,
    *,
    now: datetime,
    format: Format | None = None,
    silent: bool = False,
    lookup: bool = False,
    released: bool = False,
    fetched: bool = False,
    also: Also | None = None,
    short_cuts: bool = True,
) -> Intake:
    """Take a page in, in one transaction.

    `format`: what the page must be; without it, it is recognised. `silent`: history that is imported,
    nobody is told. `lookup`: a report's page asked about those that left, and evidence of nothing else.
    `released`: a person has vouched for it, the gate has no say. `fetched`: it comes from a site, so what
    keeps people out is BLOCKED, and nothing is written. `also`: says what else is written into the source's
    row, in the same transaction. `short_cuts`: off, everything is read that could be left unread; for tests.
    """
    page = replace(page, captured_at=min(page.captured_at, now))
    known = remembering.of(page, format) if short_cuts else None
    if known and not (lookup or released) and (same := same_again(store, source, page, known, now, also)):
        return same
    raw = take_apart(page.body, remembering.salt()) if short_cuts and format in (None, Format.CSV) else None
    if raw and not (lookup or released):
        with store.write() as connection:
            take_turn(connection)
            stamp = known.settled.stamp if known and known.settled else None
            if part := rowwise.read(connection, source, page, raw, stamp):
                taking = _Taking(
                    connection, settings, source, page, part.capture, now, silent=silent, released=False
                )
                taking.known, taking.raw, taking.part = known, raw, part
                return write_also(connection, source, taking.take(), also)
    page = page if raw else replace(page, body=blank_phones(page.body))
    try:
        capture = _read(page, raw, format)
    except NotAPage as error:
        if fetched and len(page.body) <= _SMALL and any(wall in error.reason for wall in WALLS):
            return Intake(Outcome.BLOCKED, error.reason)
        return _not_a_page(store, source, page, raw, error, now=now, lookup=lookup, also=also)
    # Invariant 1: detection runs in here, on rows that nobody else moves, and state, revision, event and
    # outbox row are committed together or not at all.
    with store.write() as connection:
        take_turn(connection)
        taking = _Taking(connection, settings, source, page, capture, now, silent=silent, released=released)
        taking.known, taking.raw = known, raw
        intake = taking.answer_lookups() if lookup else taking.take()
        return write_also(connection, source, intake, also)


def _read(page: Page, raw: RawRows | None, format: Format | None) -> Capture:
    if raw is None:
        return extract(page.body, format=format, content_type=page.content_type, url=page.origin)
    return extract_apart(page.body, raw, format=format, content_type=page.content_type, url=page.origin)


def _lasting(page: Page, raw: RawRows | None) -> Lasting:
    """A page as it may be kept: one that was taken apart still has its telephone numbers."""
    return Blanked(page.body, raw) if raw else page.body


def _not_a_page(
    store: Store,
    source: Source,
    page: Page,
    raw: RawRows | None,
    error: NotAPage,
    *,
    now: datetime,
    lookup: bool,
    also: Also | None,
) -> Intake:
    reason = str(error)
    if lookup:
        return Intake(Outcome.FAILING, reason)
    with store.write() as connection:
        take_turn(connection)
        held = _hold(connection, source, page, _lasting(page, raw), reason, now=now)
        return write_also(connection, source, held, also)


def _hold(
    connection: Connection,
    source: Source,
    page: Page,
    lasting: Lasting,
    reason: str,
    *,
    now: datetime,
    format: str | None = None,
    seen: int = 0,
) -> Intake:
    """Keep a page that is not believed, for a person to look at; the same bytes are kept once."""
    sha = captures.c.sha256 == digest(lasting)
    same = select(captures.c.id).where(captures.c.source_id == source.id, sha)
    held = connection.scalar(same.where(captures.c.held, captures.c.settled.is_(None)))
    if held is None:
        held = keep_evidence(
            connection,
            page,
            lasting=lasting,
            source_id=source.id,
            format=format,
            outcome=Outcome.QUARANTINED,
            seen=seen,
            now=now,
            reason=reason,
        )
    message = f"held back as capture {held}: {reason.rstrip('.')}. {_decide(held)}"
    notices = incidents.record(
        connection, source.id, Outcome.QUARANTINED, message, now, aside=is_aside(source, page)
    )
    return Intake(Outcome.QUARANTINED, message, seen, capture_id=held, notices=notices)


def _decide(held: int) -> str:
    """What it means, and what operators are to do, in words that can be typed."""
    return (
        f"No subscriber was told. Look: recwatch quarantine show {held}. Then: recwatch quarantine "
        f"release {held} (believe it after all) or recwatch quarantine discard {held}."
    )


class _Taking:
    """The transaction of one capture."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        source: Source,
        page: Page,
        capture: Capture,
        now: datetime,
        *,
        silent: bool,
        released: bool,
    ) -> None:
        self.connection = connection
        self.settings = settings
        self.source = source
        self.page = page
        self.capture = capture
        self.now = now
        self.silent = silent
        self.released = released
        self.known: remembering.Memory | None = None  # how the page is remembered
        self.raw: RawRows | None = None
        self.part: rowwise.Part | None = None  # where only some of its rows were read
        self.reader = Reader(source.id, capture.format)
        self.marks = Marks.of(page, capture.stamp, now)
        self.rows = once_each(capture.recommendations)

    @property
    def seen(self) -> int:
        """How many recommendations the page has."""
        return len(self.rows) + (len(self.part.unread.ids) if self.part else 0)

    def take(self) -> Intake:
        """Believe the capture or hold it back."""
        upsert_source = upsert(self.connection)(sources).values(id=self.source.id)
        self.connection.execute(upsert_source.on_conflict_do_nothing())
        covered = self.connection.execute(select(coverage).where(*self._covered())).one_or_none()
        if covered and not self.released and (why := self.marks.older_than(covered)):
            return note_stale(self.connection, self.source, self.page, why, self.seen, self.now)
        if covered and self.released and self.page.captured_at < covered.last_captured_at <= self.now:
            # It was held back long enough for a newer one to be believed: it tells nothing about today.
            return Intake(Outcome.UNCHANGED, "a newer capture has been believed since", self.seen)
        unread = self.part.unread if self.part else None
        made = draft(
            self.connection, self.capture, self.rows, self.reader, self.page.captured_at, self.now, unread
        )
        doubt = None if self.released else gate.objection(self.capture, made.measures, self.settings.gate)
        if doubt:
            return _hold(
                self.connection,
                self.source,
                self.page,
                _lasting(self.page, self.raw),
                doubt,
                now=self.now,
                format=self.capture.format,
                seen=self.seen,
            )
        return self._believe(made, covered=covered is not None)

    def answer_lookups(self) -> Intake:
        """Take from a report's page only what was asked: what became of those that left."""
        waiting = departures.pending(self.connection, self.source.id, self.capture.subject or "")
        made = draft(self.connection, self.capture, self.rows, self.reader, self.page.captured_at, self.now)
        asked = {one: row for one, row in made.rows.items() if one in waiting}
        made.changes = [change for change in made.changes if change.standing.id in waiting]
        made.readings = [reading for reading in made.readings if reading[0] in waiting]
        made.unseen, made.gone, made.absent, made.returned, made.rebased = [], [], [], [], []
        made.rows = asked
        return self._write(made, first=False, well=False)

    def _covered_otherwise(self) -> bool:
        """Whether the source has shown this agency in the other form of its page."""
        twin = {Format.AGENCY: Format.TEXT, Format.TEXT: Format.AGENCY}.get(self.capture.format)
        mine = (coverage.c.source_id == self.source.id, coverage.c.subject == (self.capture.subject or ""))
        query = select(coverage.c.subject).where(*mine, coverage.c.format == twin)
        return twin is not None and self.connection.execute(query).first() is not None

    def _covered(self) -> tuple[Any, ...]:
        subject = self.capture.subject or ""
        return (
            coverage.c.source_id == self.source.id,
            coverage.c.format == self.capture.format,
            coverage.c.subject == subject,
        )

    def _believe(self, made: Draft, *, covered: bool) -> Intake:
        first = not covered and not self._covered_otherwise()
        self._cover(first=not covered)
        # A report's page saved long ago may be taken in after today's export.
        mine = update(sources).where(sources.c.id == self.source.id)
        # One from the future was written under a clock that ran ahead: silence would not be noticed.
        last = sources.c.last_captured_at
        older = or_(last.is_(None), last < self.page.captured_at, last > self.now)
        self.connection.execute(mine.where(older).values(last_captured_at=self.page.captured_at))
        intake = self._write(made, first=first)
        lasting = not (self.released or made.gone or self._is_waited_for())
        remembering.remember(self.connection, self.source.id, self.known if lasting else None, self.capture)
        return intake

    def _is_waited_for(self) -> bool:
        if self.capture.format is not Format.PRODUCT or not self.capture.subject:
            return False
        return bool(departures.pending(self.connection, self.source.id, self.capture.subject))

    def _cover(self, *, first: bool) -> None:
        marks = {
            "stamp": self.marks.stamp,
            "modified_at": self.marks.modified_at,
            "served_at": self.marks.served_at,
            "last_captured_at": self.page.captured_at,
            "seen": self.seen,
        }
        if not first:
            self.connection.execute(update(coverage).where(*self._covered()).values(marks))
            return
        self.connection.execute(
            insert(coverage).values(
                source_id=self.source.id,
                format=self.capture.format,
                subject=self.capture.subject or "",
                first_captured_at=self.page.captured_at,
                **marks,
            )
        )

    def _write(self, made: Draft, *, first: bool, well: bool = True) -> Intake:
        new = [] if first else self._appeared(made)
        notable = bool(first or made.changes or made.unseen or made.gone)
        capture_id = self._keep(first=first) if notable else None
        pen = writing.Pen(
            self.connection, self.reader, capture_id, self.page.captured_at, self.now, silent=self.silent
        )
        rowwise.note_hashes(pen, made, self.capture, self.raw, self.part)
        moved = writing.write_identities(pen, made)
        writing.write_rebased(pen, made)
        moved |= {standing.id for _, standing in made.rebased}
        remembering.forget(self.connection, moved | {change.standing.id for change in made.changes})
        ids = writing.write_unseen(pen, [row for _, row in made.unseen])
        opened = [one for one, (place, _) in zip(ids, made.unseen, strict=True) if place in new]
        events = writing.write_events(
            pen, [writing.Happening(one, EventType.OPENED, new=1) for one in opened]
        )
        events += writing.write_changes(pen, made.changes)
        writing.write_readings(pen, made.readings)
        writing.write_row_hashes(pen, made.readings_before)
        departures.note_returned(pen, made.returned)
        departures.count_miss(pen, made.absent)
        vanished = departures.note_gone(pen, self.source, made.gone, self.settings.gate.vanish_confirmations)
        if self.capture.format is Format.PRODUCT and self.capture.subject:
            waiting = departures.pending(self.connection, self.source.id, self.capture.subject)
            departures.answer(pen, waiting, made.rows)
        happened = tuple(events + vanished)
        outcome = Outcome.CHANGED if happened else Outcome.BASELINE if first else Outcome.UNCHANGED
        # A report's page that answers says nothing about how the source itself is.
        notices = self._note(outcome) if well else ()
        return Intake(
            outcome,
            seen=self.seen,
            opened=len(opened),
            vanished=len(vanished),
            events=happened,
            outbox_id=self._outbox(pen) if happened and not self.silent else None,
            capture_id=capture_id,
            notices=notices,
            notes=self.capture.notes + made.notes,
            left=bool(made.gone),
            **_counts(made),
        )

    def _note(self, outcome: Outcome) -> tuple[Notice, ...]:
        return incidents.record(
            self.connection, self.source.id, outcome, "", self.now, aside=is_aside(self.source, self.page)
        )

    def _keep(self, *, first: bool) -> int:
        return keep_evidence(
            self.connection,
            self.page,
            lasting=_lasting(self.page, self.raw),
            source_id=self.source.id,
            format=self.capture.format,
            outcome=Outcome.BASELINE if first else Outcome.CHANGED,
            seen=self.seen,
            now=self.now,
        )

    def _outbox(self, pen: writing.Pen) -> int:
        row = insert(outbox).values(capture_id=pen.capture_id, created_at=self.now)
        return int(self.connection.execute(row.returning(outbox.c.id)).scalar_one())

    def _appeared(self, made: Draft) -> set[int]:
        """Places of unseen rows that are new, and did not just scroll into view."""
        fresh = [(place, row) for place, row in made.unseen if not is_closed(row.status)]
        if self.capture.complete or not fresh:
            return {place for place, _ in fresh}
        known = loading.known_reports(self.connection, self.capture)
        old = [place for place, row in enumerate(self.rows) if _report_known(row, known)]
        top = min(old, default=0)  # a page with nothing known on it shows nothing about what is new
        return {place for place, _ in fresh if place < top}


def _counts(made: Draft) -> dict[str, Any]:
    types = [change.decision.type for change in made.changes]
    return {name: types.count(kind) for kind, name in _COUNTED.items()}


def _report_known(row: Recommendation, known: set[str]) -> bool:
    return folding.title_hash(row.title) in known or bool(row.product and row.product in known)
