"""The third step of an intake: what believing a capture would change. Reads the store, writes nothing."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from monitor.intake import loading
from monitor.intake.decide import gate, identity
from monitor.intake.decide.detection import (
    ComparedFields,
    Decision,
    FieldChange,
    KnownRecommendation,
    Reader,
    Reading,
    closing,
    decide,
    differs,
    is_comparable,
)
from monitor.intake.decide.identity import Candidate, Matching
from monitor.intake.decide.restoring import restored
from monitor.intake.values import Arrival, ReadCapture
from monitor.record import folding
from monitor.record.values import Capture, Format, Kind, Recommendation, is_closed

_NAMED = 5  # keys in a note


class Compared(NamedTuple):
    """A row of a known recommendation, beside what is stored and what its source showed last.

    `row`: with the stored value of each field that the page lacks or shows cut off (`is_cut`). `narrative`:
    the stored one, where the row differs from the state under the same folding. `row_hash`: of the row as
    it came, if it can be recognised the next time.
    """

    row: Recommendation
    fields: ComparedFields
    known: KnownRecommendation
    reading: Reading | None
    row_hash: bytes | None
    narrative: str | None = None
    is_cut: bool = False


class Change(NamedTuple):
    """What a row means for its recommendation."""

    compared: Compared
    decision: Decision

    @property
    def reading(self) -> Reading | None:
        """The source's new reading; None where it is the one before."""
        fields, confirmed, before = self.compared.fields, self.decision.confirmed, self.compared.reading
        if before and (before.fields, before.revision, before.misses) == (fields, confirmed, 0):
            return None
        return Reading(fields, confirmed, row_hash=self.compared.row_hash)


@dataclass(frozen=True, slots=True)
class Changeset:
    """What a capture would change.

    `shown`: rows of known recommendations, in the order of their keys. `unseen`: rows that no source has
    shown yet, with their place on the page. `before`: the source's last readings. `expected`: open
    recommendations whose absence means something; of them, `gone` are missing. `absent`: closed ones that
    have left now, too. `returned`: those that were missing last time. `first`: the source has shown nothing
    of this subject before.
    """

    matching: Matching
    candidates: dict[int, Candidate]
    before: dict[int, Reading]
    shown: dict[int, Change]
    unseen: list[tuple[int, Recommendation]]
    expected: frozenset[int]
    gone: list[int]
    absent: list[int]
    returned: list[int]
    first: bool = False

    @property
    def events(self) -> dict[int, Change]:
        """Rows that are an event."""
        return self._that_are(FieldChange.EVENT)

    @property
    def rebased(self) -> dict[int, Change]:
        """Rows that are a new baseline under another folding."""
        return self._that_are(FieldChange.REBASE)

    def _that_are(self, finding: FieldChange) -> dict[int, Change]:
        return {one: change for one, change in self.shown.items() if change.decision.finding is finding}

    @property
    def readings(self) -> dict[int, Reading]:
        """What the source now shows otherwise than in its last reading."""
        return {one: reading for one, change in self.shown.items() if (reading := change.reading)}

    @property
    def cut(self) -> list[str]:
        """Keys of rows on which a text is cut off."""
        return sorted(change.compared.row.key for change in self.shown.values() if change.compared.is_cut)

    @property
    def notes(self) -> tuple[str, ...]:
        """For operators: which rows were not read in full."""
        named = ", ".join(self.cut[:_NAMED])
        more = f" and {len(self.cut) - _NAMED} more" if len(self.cut) > _NAMED else ""
        return (f"a text is cut off, what is known of it stays: {named}{more}",) if self.cut else ()

    def answering(self, waiting: Collection[int], captured_at: datetime) -> "Changeset":
        """The same, with rows of recommendations that are looked up as answers."""
        answers = {
            one: change._replace(decision=decision)
            for one, change in self.shown.items()
            if one in waiting
            and (decision := closing(change.compared.fields, change.compared.known, captured_at))
        }
        return replace(self, shown={**self.shown, **answers})

    def only(self, ids: Collection[int]) -> "Changeset":
        """What the page says of some known recommendations, and nothing else."""
        shown = {one: change for one, change in self.shown.items() if one in ids}
        return replace(self, shown=shown, unseen=[], gone=[], absent=[], returned=[])


def compare(connection: Connection, arrival: Arrival, read: ReadCapture) -> Changeset:
    """Compare a capture with what is stored."""
    capture, unread, reader = read.capture, read.unread, read.reader(arrival.source)
    loaded = loading.load_candidates(connection, capture, unread.owners if unread else None)
    candidates = {one.id: one for one in loaded}
    readings = unread.readings if unread else loading.load_readings(connection, reader)
    matching = identity.match(read.rows, loaded, complete=capture.complete)
    rows = {one.id: read.rows[place] for place, one in matching.known.items()}
    expected = _expected(capture, readings, candidates)
    known = loading.load_known(connection, rows.keys() | expected, arrival.now)
    narratives = _load_old_narratives(connection, rows, known)
    compared = {
        one: _compared(
            read,
            rows[one],
            _Stored(known[one], candidates[one], narratives.get(one)),
            readings.get(one),
        )
        for one in sorted(rows, key=lambda one: rows[one].key)
    }
    listed = frozenset(one for one in expected if known[one].is_open)
    shown = rows.keys() | _shown_illegibly(capture, candidates, expected)
    return Changeset(
        matching,
        candidates,
        readings,
        _decide_each(connection, arrival, reader, compared),
        [(place, row) for place, row in enumerate(read.rows) if place not in matching.known],
        listed,
        gone=sorted(listed - shown),
        absent=sorted(one for one in expected - listed - shown if not readings[one].misses),
        returned=[one for one in rows if one in readings and readings[one].misses],
    )


def _load_old_narratives(
    connection: Connection, rows: dict[int, Recommendation], known: dict[int, KnownRecommendation]
) -> dict[int, str]:
    """The stored narratives of rows that differ from the state, under the same folding."""
    differing = [
        one
        for one, row in rows.items()
        if ComparedFields.of(row) != (stored := known[one].fields) and is_comparable(stored)
    ]
    return loading.load_narratives(connection, differing)


def _shown_illegibly(capture: Capture, candidates: dict[int, Candidate], expected: set[int]) -> set[int]:
    """Recommendations that may be in rows without a status: they are not absent."""
    if "" in capture.illegible:
        return expected
    keys = set(capture.illegible)
    return {one.id for one in candidates.values() if keys and not keys.isdisjoint((one.key, *one.keys))}


def _expected(capture: Capture, readings: dict[int, Reading], candidates: dict[int, Candidate]) -> set[int]:
    """Recommendations whose absence from this capture, or from what was read of it, would mean something."""
    if not capture.complete:
        return set()
    if capture.format is Format.PRODUCT:
        return {one for one in readings if one in candidates and candidates[one].product == capture.subject}
    return set(readings)


class _Stored(NamedTuple):
    """What is stored of a recommendation; `narrative` only where a row differs from the state."""

    known: KnownRecommendation
    candidate: Candidate
    narrative: str | None


def _compared(read: ReadCapture, row: Recommendation, stored: _Stored, reading: Reading | None) -> Compared:
    known, candidate, narrative = stored
    whole = row
    # A report's table of matters has no column of priorities: what is known holds.
    unmarked = row.kind is Kind.MATTER and read.capture.format is Format.PRODUCT
    if unmarked or row.key in read.capture.without_priority:
        whole = row = replace(row, priority=known.fields.priority)
    if narrative is not None:
        whole = restored(row, narrative, candidate.text)
    is_cut = len(whole.narrative) > len(row.narrative) or len(whole.text) > len(row.text)
    row_hash = read.row_hashes.get(row.key)
    return Compared(whole, ComparedFields.of(whole), known, reading, row_hash, narrative, is_cut)


def _decide_each(
    connection: Connection, arrival: Arrival, reader: Reader, compared: dict[int, Compared]
) -> dict[int, Change]:
    """Decide what each row means; earlier revisions are loaded where they can matter."""
    differing = [one for one, each in compared.items() if differs(each.fields, each.known, each.reading)]
    earlier = loading.load_earlier(connection, differing)
    return {
        one: Change(
            each,
            decide(
                each.fields,
                each.known,
                each.reading,
                earlier.get(one, []),
                reader=reader,
                captured_at=arrival.captured_at,
            ),
        )
        for one, each in compared.items()
    }


def gate_input(
    connection: Connection, arrival: Arrival, read: ReadCapture, changes: Changeset
) -> gate.GateInput:
    """What the gate judges a capture by."""
    reader = read.reader(arrival.source)
    lasting = sum(not changes.before[one].misses for one in changes.expected)
    if read.unread:
        # All that its source shows or has shown is either unread or expected.
        lasting += loading.count_listed(connection, reader) - len(changes.expected)
    # Only what would be reported: what another source has shown before, and was believed, is not doubted.
    reported = {
        one: _row_change(change, change.compared.narrative, changes.candidates[one])
        for one, change in changes.events.items()
        if change.compared.narrative is not None
    }
    last = changes.matching.known.get(len(read.rows) - 1)
    return gate.GateInput(
        known_open=lasting,
        gone=sum(not changes.before[one].misses for one in changes.gone),
        compared=len(changes.shown) + (len(read.unread.ids) if read.unread else 0),
        changes=tuple(reported.values()),
        last=reported.get(last.id) if last else None,
        labels=_labels(connection, reader, read, changes) if reported else {},
        renamed=_renamed(changes),
        cut=len(changes.cut),
    )


def _row_change(change: Change, narrative: str, candidate: Candidate) -> gate.RowChange:
    row, stored = change.compared.row, change.compared.known.fields
    return gate.RowChange(
        gate.Version(narrative, candidate.text, stored.status, stored.priority),
        gate.Version(row.narrative, row.text, row.status, row.priority),
        change.decision.changed,
    )


def _labels(
    connection: Connection, reader: Reader, read: ReadCapture, changes: Changeset
) -> Counter[str | bool]:
    """How many of the recommendations shown had each status, and each priority."""
    if read.unread:
        return loading.count_labels(connection, reader)
    labels: Counter[str | bool] = Counter()
    for change in changes.shown.values():
        stored = change.compared.known.fields
        labels.update((stored.status, stored.priority))
    return labels


def _renamed(changes: Changeset) -> list[tuple[str, str]]:
    """Old and new folded agency of rows on which they differ."""
    names = [
        (changes.candidates[one].agency_folded, folding.fold_agency(change.compared.row.agency))
        for one, change in changes.shown.items()
    ]
    return [(old, new) for old, new in names if old != new]


def appeared(connection: Connection, read: ReadCapture, changes: Changeset) -> set[int]:
    """Places of unseen rows that are new, and did not just scroll into view."""
    if changes.first:
        return set()
    fresh = {place for place, row in changes.unseen if not is_closed(row.status)}
    if read.capture.complete or not fresh:
        return fresh
    reports = loading.known_reports(connection, read.capture)
    old = [place for place, row in enumerate(read.rows) if _names_one_of(row, reports)]
    top = min(old, default=0)  # a page on which nothing is known does not show what is new
    return {place for place in fresh if place < top}


def _names_one_of(row: Recommendation, reports: set[str]) -> bool:
    return folding.title_hash(row.title) in reports or bool(row.product and row.product in reports)
