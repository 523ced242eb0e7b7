"""Holds a capture against what is known: a draft of everything that would be written, nothing written yet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

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
    decide,
    differs,
    is_comparable,
)
from monitor.intake.decide.identity import Candidate, Matching
from monitor.intake.decide.restoring import restored
from monitor.record import folding
from monitor.record.values import Capture, Format, Kind, Recommendation

_NAMED = 5  # keys in a note


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is an event, and what it changes."""

    row: Recommendation
    standing: KnownRecommendation
    decision: Decision


@dataclass(slots=True)
class Draft:
    """What a capture would do.

    `unseen`: rows that nobody has shown yet, with their place on the page. `readings`: what the source
    now shows and which revision that is. `gone` and `returned`: open recommendations of a complete source;
    `absent`: those that are known to be closed and have now left it, too. `cut`: keys of rows on which a
    text is cut off, for operators.
    """

    matching: Matching
    known: dict[int, Candidate]
    readings_before: dict[int, Reading]
    unseen: list[tuple[int, Recommendation]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    rebased: list[tuple[Recommendation, KnownRecommendation]] = field(default_factory=list)
    readings: list[tuple[int, ComparedFields, int]] = field(default_factory=list)
    rows: dict[int, Recommendation] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    measures: gate.GateInput = field(default_factory=lambda: gate.GateInput(0, 0, 0))

    @property
    def notes(self) -> tuple[str, ...]:
        """For operators: which rows were not read in full."""
        named = ", ".join(sorted(self.cut)[:_NAMED])
        more = f" and {len(self.cut) - _NAMED} more" if len(self.cut) > _NAMED else ""
        return (f"a text is cut off, what is known of it stays: {named}{more}",) if self.cut else ()


@dataclass(frozen=True, slots=True)
class Unread:
    """Rows of an export that are those of its source's last readings, to the letter (intake/short_cuts.py).

    `ids`: whose rows they are. `readings`: what the source read last of all others. `owners`: whose keys
    the other rows have.
    """

    ids: frozenset[int]
    readings: dict[int, Reading]
    owners: dict[str, int]


def once_each(rows: Sequence[Recommendation]) -> list[Recommendation]:
    """Rows without repeats of one key: the page's order of equals may change, so the choice must not."""
    chosen: dict[str, Recommendation] = {}
    for row in rows:
        rival = chosen.get(row.key)
        if rival is None or row.fingerprint < rival.fingerprint:
            chosen[row.key] = row
    return list(chosen.values())


def draft(
    connection: Connection,
    capture: Capture,
    rows: list[Recommendation],
    reader: Reader,
    captured_at: datetime,
    now: datetime,
    unread: "Unread | None" = None,
) -> Draft:
    """Work out what believing the capture would mean. `unread`: more rows, which say what they said."""
    known = {
        one.id: one for one in loading.load_known(connection, capture, unread.owners if unread else None)
    }
    readings = unread.readings if unread else loading.load_readings(connection, reader)
    matching = identity.match(rows, known.values(), complete=capture.complete)
    made = Draft(matching, known, readings)
    made.unseen = [(place, row) for place, row in enumerate(rows) if place not in matching.known]
    made.rows = {one.id: rows[place] for place, one in matching.known.items()}
    expected = _expected(capture, readings, known)
    standings = loading.load_standings(connection, made.rows.keys() | expected, now)
    olds = _load_old_narratives(connection, made, standings)
    made.rows = {
        one: _as_far_as_shown(made, olds, capture, standings[one], row) for one, row in made.rows.items()
    }
    _decide_all(connection, made, standings, reader, captured_at)
    shown_open = {one for one in expected if standings[one].is_open}
    shown = made.rows.keys() | _shown_illegibly(capture, known, expected)
    made.gone = sorted(shown_open - shown)
    left = expected - shown_open - shown
    made.absent = sorted(one for one in left if not readings[one].misses)
    made.returned = [one for one in made.rows if one in readings and readings[one].misses]
    lasting = sum(not readings[one].misses for one in shown_open)
    if unread:
        # All that its source shows or has shown is either unread or expected.
        lasting += loading.count_listed(connection, reader) - len(shown_open)
    made.measures = _measure(connection, made, olds, standings, reader, lasting, unread)
    return made


def _load_old_narratives(
    connection: Connection, made: Draft, standings: dict[int, KnownRecommendation]
) -> dict[int, str]:
    """The stored narratives of rows that differ from the state, under the same folding."""
    differing = [
        one
        for one, row in made.rows.items()
        if ComparedFields.of(row) != (stored := standings[one].fields) and is_comparable(stored)
    ]
    return loading.load_narratives(connection, differing)


def _shown_illegibly(capture: Capture, known: dict[int, Candidate], expected: set[int]) -> set[int]:
    """Recommendations that may be in rows without a status: they are not absent."""
    if "" in capture.illegible:
        return expected
    keys = set(capture.illegible)
    return {one.id for one in known.values() if keys and not keys.isdisjoint((one.key, *one.keys))}


def _expected(capture: Capture, readings: dict[int, Reading], known: dict[int, Candidate]) -> set[int]:
    """Recommendations whose absence from this capture, or from what was read of it, would mean something."""
    if not capture.complete:
        return set()
    if capture.format is Format.PRODUCT:
        return {one for one in readings if one in known and known[one].product == capture.subject}
    return set(readings)


def _decide_all(
    connection: Connection,
    made: Draft,
    standings: dict[int, KnownRecommendation],
    reader: Reader,
    captured_at: datetime,
) -> None:
    looks = {one: ComparedFields.of(row) for one, row in made.rows.items()}
    before = made.readings_before
    differing = [one for one, look in looks.items() if differs(look, standings[one], before.get(one))]
    earlier = loading.load_earlier(connection, differing)
    for one in sorted(looks, key=lambda one: made.rows[one].key):
        look, reading = looks[one], before.get(one)
        past = earlier.get(one, [])
        decision = decide(look, standings[one], reading, past, reader=reader, captured_at=captured_at)
        if decision.finding is FieldChange.EVENT:
            made.changes.append(Change(made.rows[one], standings[one], decision))
        elif decision.finding is FieldChange.REBASE:
            made.rebased.append((made.rows[one], standings[one]))
        if (
            reading is None
            or reading.fields != look
            or reading.revision != decision.confirmed
            or reading.misses
        ):
            made.readings.append((one, look, decision.confirmed))


def _as_far_as_shown(
    made: Draft,
    olds: dict[int, str],
    capture: Capture,
    standing: KnownRecommendation,
    row: Recommendation,
) -> Recommendation:
    """A row, with the stored value of each field that its page does not show or shows cut off."""
    # A report's table of matters has no priority.
    unmarked = row.kind is Kind.MATTER and capture.format is Format.PRODUCT
    if unmarked or row.key in capture.without_priority:
        row = replace(row, priority=standing.fields.priority)
    if standing.id not in olds:
        return row
    whole = restored(row, olds[standing.id], made.known[standing.id].text)
    if len(whole.narrative) > len(row.narrative) or len(whole.text) > len(row.text):
        made.cut.append(row.key)
    return whole


def _measure(
    connection: Connection,
    made: Draft,
    olds: dict[int, str],
    standings: dict[int, KnownRecommendation],
    reader: Reader,
    lasting: int,
    unread: Unread | None,
) -> gate.GateInput:
    before = made.readings_before
    # Only what would be reported: what another source has shown before, and was believed, is not doubted.
    changes = {
        one.standing.id: gate.RowChange(
            _version(one.standing.fields, olds[one.standing.id], made.known[one.standing.id].text),
            _version(ComparedFields.of(one.row), one.row.narrative, one.row.text),
            one.decision.changed,
        )
        for one in made.changes
        if one.standing.id in olds
    }
    labels: Counter[str | bool] = Counter()
    if unread and changes:
        labels = loading.count_labels(connection, reader)
    else:
        for one in made.rows:
            labels.update((standings[one].fields.status, standings[one].fields.priority))
    renamed = [
        (made.known[one].agency_folded, folding.fold_agency(row.agency))
        for one, row in made.rows.items()
        if made.known[one].agency_folded != folding.fold_agency(row.agency)
    ]
    end = made.matching.known.get(len(made.matching.known) + len(made.unseen) - 1)
    return gate.GateInput(
        known_open=lasting,
        gone=sum(not before[one].misses for one in made.gone),
        compared=len(made.rows) + (len(unread.ids) if unread else 0),
        changes=tuple(changes.values()),
        last=changes.get(end.id) if end else None,
        labels=labels,
        renamed=renamed,
        cut=len(made.cut),
    )


def _version(fields: ComparedFields, narrative: str, text: str) -> gate.Version:
    return gate.Version(narrative, text, fields.status, fields.priority)
