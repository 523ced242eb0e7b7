"""Holds a capture against what is known: a draft of everything that would be written, nothing written yet."""

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
)
from monitor.intake.decide.identity import Candidate, Matching
from monitor.record.values import Capture, Format, Kind, Recommendation


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
    `absent`: those that are known to be closed and have now left it, too.
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
    measures: gate.GateInput = field(default_factory=lambda: gate.GateInput(0, 0, 0))


@dataclass(frozen=True, slots=True)
class Unread:
    """Rows of an export that are those of its source's last readings, to the letter (intake/rowwise.py).

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
    made.rows = {one: _as_far_as_shown(row, standings[one], reader) for one, row in made.rows.items()}
    _decide_all(connection, made, standings, reader, captured_at)
    shown_open = {one for one in expected if standings[one].is_open}
    made.gone = sorted(shown_open - made.rows.keys())
    left = expected - shown_open - made.rows.keys()
    made.absent = sorted(one for one in left if not readings[one].misses)
    made.returned = [one for one in made.rows if one in readings and readings[one].misses]
    lasting = sum(not readings[one].misses for one in shown_open)
    if unread:
        # All that its source shows or has shown is either unread or expected.
        lasting += loading.count_listed(connection, reader) - len(shown_open)
    made.measures = _measure(connection, made, standings, lasting, len(unread.ids) if unread else 0)
    return made


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


def _as_far_as_shown(row: Recommendation, standing: KnownRecommendation, reader: Reader) -> Recommendation:
    """A row, with what is known where its page cannot say: a report's table of matters has no priority."""
    if row.kind is Kind.MATTER and reader.format == Format.PRODUCT:
        return replace(row, priority=standing.fields.priority)
    return row


def _measure(
    connection: Connection, made: Draft, standings: dict[int, KnownRecommendation], lasting: int, same: int
) -> gate.GateInput:
    before = made.readings_before
    # What another source has shown before, and was believed, is no reason to doubt one that catches up.
    reworded = [
        one
        for one, row in made.rows.items()
        if one in before
        and row.fingerprint not in (before[one].fields.fingerprint, standings[one].fields.fingerprint)
    ]
    rebased = {standing.id for _, standing in made.rebased}
    olds = loading.load_narratives(connection, reworded)
    rewordings = {
        one: gate.Rewording(olds[one], made.rows[one].narrative) for one in reworded if one not in rebased
    }
    compared = sum(one in before for one in made.rows) + same
    gone = sum(not before[one].misses for one in made.gone)
    end = made.matching.known.get(len(made.matching.known) + len(made.unseen) - 1)
    last = rewordings.get(end.id) if end else None
    return gate.GateInput(lasting, gone, compared, tuple(rewordings.values()), last)
