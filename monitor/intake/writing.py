"""Writes a believed draft down: state, revisions, events and readings, in few statements."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from monitor.intake import loading, short_cuts
from monitor.intake.changesets import Change, Draft
from monitor.intake.decide.detection import ComparedFields, Reader, Reading
from monitor.record import folding
from monitor.record.ids import new_id
from monitor.record.store.schema import aliases, events, readings, recommendations, revisions
from monitor.record.store.store import upsert
from monitor.record.values import EventType, Format, Recommendation, Subject

_ROWS = 1000  # to one insert of a first capture


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes, about which capture, when. `silent`: imported history, nobody is told."""

    connection: Connection
    reader: Reader
    capture_id: int | None
    captured_at: datetime
    now: datetime
    silent: bool = False
    # Of the export's rows as they came: by recommendation, and by key of those that are unseen.
    row_hashes: dict[int, bytes] = field(default_factory=dict)
    unseen_hashes: dict[str, bytes] = field(default_factory=dict)


def write_unseen(pen: Pen, rows: list[Recommendation]) -> list[int]:
    """Add recommendations that nobody has shown yet; returns their ids in the order given."""
    if not rows:
        return []
    shown = [row.key for row in rows]
    rows = _under_free_keys(pen, rows)
    short_cuts.forget(pen.connection, loading.load_owners(pen.connection, [row.key for row in rows]).values())
    ids: list[int] = []
    # A first capture is the whole export: what is bound for the store of it is held for a few rows at a time.
    for start in range(0, len(rows), _ROWS):
        ids += _write_new(pen, rows[start : start + _ROWS], shown[start : start + _ROWS])
    return ids


def _write_new(pen: Pen, rows: list[Recommendation], shown: list[str]) -> list[int]:
    table = recommendations
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    ids = list(pen.connection.scalars(statement, [_new_recommendation(pen, row) for row in rows]))
    # Who bears a key now has it, whoever bore it once.
    named = upsert(pen.connection)(aliases)
    named = named.on_conflict_do_update(
        index_elements=["key"], set_={"recommendation_id": named.excluded.recommendation_id}
    )
    pen.connection.execute(
        named, [{"key": row.key, "recommendation_id": one} for one, row in zip(ids, rows, strict=True)]
    )
    pen.connection.execute(
        insert(revisions), [_revision(pen, one, 1, row) for one, row in zip(ids, rows, strict=True)]
    )
    pen.row_hashes.update(
        (one, pen.unseen_hashes[key]) for one, key in zip(ids, shown, strict=True) if key in pen.unseen_hashes
    )
    write_readings(pen, [(one, ComparedFields.of(row), 1) for one, row in zip(ids, rows, strict=True)])
    return ids


def _under_free_keys(pen: Pen, rows: list[Recommendation]) -> list[Recommendation]:
    """Another report of a title that is known already: told apart by the text, as on one page."""
    taken = loading.taken_keys(pen.connection, [row.key for row in rows])
    return [
        replace(row, key=folding.key_apart(row.key, row.text)) if row.key in taken else row for row in rows
    ]


def _new_recommendation(pen: Pen, row: Recommendation) -> dict[str, Any]:
    return {
        "key": row.key,
        "product": row.product,
        "kind": row.kind,
        "number": row.number,
        "agency": row.agency,
        "agency_folded": folding.fold_agency(row.agency),
        "title": row.title,
        "title_hash": folding.title_hash(row.title),
        "text": row.text,
        "url": row.url,
        "status": row.status,
        "priority": row.priority,
        "narrative": row.narrative,
        "fingerprint": row.fingerprint,
        "text_fingerprint": folding.text_fingerprint(row.text),
        "revision": 1,
        "present": True,
        "first_seen_at": pen.captured_at,
        "changed_at": pen.captured_at,
    }


def _revision(pen: Pen, one: int, number: int, row: Any) -> dict[str, Any]:
    """A revision of what a page's row, or the state's, says."""
    return {
        "recommendation_id": one,
        "number": number,
        "source_id": pen.reader.source,
        "format": pen.reader.format,
        "capture_id": pen.capture_id,
        "observed_at": pen.captured_at,
        "status": row.status,
        "priority": row.priority,
        "narrative": row.narrative,
        "fingerprint": row.fingerprint,
        "text": row.text,
        "present": True,
    }


def write_readings(pen: Pen, looks: list[tuple[int, ComparedFields, int]]) -> None:
    """Note what the source now shows; a recommendation that it shows is not missed."""
    if not looks:
        return
    statement = upsert(pen.connection)(readings)
    fresh = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["source_id", "format", "recommendation_id"],
        set_={
            name: getattr(fresh, name)
            for name in (
                "fingerprint",
                "text_fingerprint",
                "status",
                "priority",
                "revision",
                "read_at",
                "misses",
                "row_hash",
            )
        },
    )
    rows = [
        {
            "source_id": pen.reader.source,
            "format": pen.reader.format,
            "recommendation_id": one,
            **look._asdict(),
            "revision": confirmed,
            "read_at": pen.captured_at,
            "misses": 0,
            "row_hash": pen.row_hashes.get(one),
        }
        for one, look, confirmed in looks
    ]
    pen.connection.execute(statement, rows)


def write_row_hashes(pen: Pen, before: dict[int, Reading]) -> None:
    """Note how rows came that say what they said, where that is not how they came before."""
    other = [
        {"one": one, "hash": found}
        for one, found in pen.row_hashes.items()
        if one in before and before[one].row_hash != found
    ]
    if other:
        mine = (readings.c.source_id == pen.reader.source, readings.c.format == pen.reader.format)
        statement = update(readings).where(*mine, readings.c.recommendation_id == bindparam("one"))
        pen.connection.execute(statement.values(row_hash=bindparam("hash")), other)


def write_changes(pen: Pen, changes: list[Change]) -> list[str]:
    """Add a revision and an event for each change, and move the state on; returns the events' ids."""
    if not changes:
        return []
    # (recommendation, revision number) is unique: whoever else would write this revision fails here.
    pen.connection.execute(
        insert(revisions),
        [_revision(pen, one.standing.id, one.decision.confirmed, one.row) for one in changes],
    )
    table = recommendations
    moved = (
        update(table)
        .where(table.c.id == bindparam("one"))
        .values(
            {name: bindparam(f"new_{name}") for name in _MOVING}
            | {"present": True, "changed_at": pen.captured_at}
        )
    )
    pen.connection.execute(moved, [_moved(one) for one in changes])
    return write_events(
        pen,
        [
            Happening(
                one.standing.id, kind, one.decision.changed, one.standing.revision, one.decision.confirmed
            )
            for one in changes
            if (kind := one.decision.type)
        ],
    )


_MOVING = ("status", "priority", "narrative", "fingerprint", "text", "text_fingerprint", "revision")


def _moved(change: Change) -> dict[str, Any]:
    row = change.row
    values = (
        row.status,
        row.priority,
        row.narrative,
        row.fingerprint,
        row.text,
        folding.text_fingerprint(row.text),
        change.decision.confirmed,
    )
    return {"one": change.standing.id} | {
        f"new_{name}": value for name, value in zip(_MOVING, values, strict=True)
    }


@dataclass(frozen=True, slots=True)
class Happening:
    """An event to be written: old or new is a revision's number, or None where that side is missing."""

    recommendation_id: int
    type: EventType
    changed: tuple[str, ...] = ()
    old: int | None = None
    new: int | None = None
    revision: int | None = None  # its place in the order, where it is not that of `new`


def write_events(pen: Pen, happenings: list[Happening]) -> list[str]:
    """Add events; they name their subjects as known at this moment. Returns their ids in order."""
    if not happenings:
        return []
    subjects = loading.load_subjects(pen.connection, {one.recommendation_id for one in happenings})
    rows = [
        {
            "id": new_id("evt"),
            "type": one.type,
            "source_id": pen.reader.source,
            "recommendation_id": one.recommendation_id,
            "capture_id": pen.capture_id,
            "at": pen.captured_at,
            "revision": one.revision or one.new or 1,
            "old_revision": one.old,
            "new_revision": one.new,
            "changed": list(one.changed),
            "subject": asdict(_subject(subjects[one.recommendation_id])),
            "silent": pen.silent,
        }
        for one in happenings
    ]
    pen.connection.execute(insert(events), rows)
    return [str(row["id"]) for row in rows]


def _subject(row: Any) -> Subject:
    return Subject(row.key, row.product, row.kind, row.number, row.agency, row.title, row.text, row.url)


def write_vanished(pen: Pen, ids: Iterable[int]) -> list[str]:
    """Mark recommendations as gone unexplained, each with a revision of its own; returns the events' ids."""
    subjects = loading.load_subjects(pen.connection, set(ids))
    if not subjects:
        return []
    short_cuts.forget(pen.connection, subjects.keys())
    last = [_revision(pen, row.id, row.revision + 1, row) | {"present": False} for row in subjects.values()]
    pen.connection.execute(insert(revisions), last)
    table = recommendations
    pen.connection.execute(
        update(table)
        .where(table.c.id.in_(subjects))
        .values(present=False, revision=table.c.revision + 1, changed_at=pen.captured_at)
    )
    happenings = [
        Happening(one, EventType.VANISHED, old=row.revision, revision=row.revision + 1)
        for one, row in subjects.items()
    ]
    return write_events(pen, happenings)


def write_identities(pen: Pen, draft: Draft) -> set[int]:
    """Add aliases, give joined recommendations their real keys, and fill in what a page says better.

    Returns the ids of those that are known otherwise from now on.
    """
    found = draft.matching
    if found.aliases:
        pen.connection.execute(
            upsert(pen.connection)(aliases).on_conflict_do_nothing(),
            [{"key": key, "recommendation_id": one} for key, one in found.aliases.items()],
        )
    table = recommendations
    for one, key in found.joined.items():
        pen.connection.execute(update(table).where(table.c.id == one).values(key=key))
    improved = {one: better for one, row in draft.rows.items() if (better := _better(pen, draft, one, row))}
    for one, better in improved.items():
        pen.connection.execute(update(table).where(table.c.id == one).values(better))
    return found.joined.keys() | improved.keys()


def _better(pen: Pen, draft: Draft, one: int, row: Recommendation) -> dict[str, Any]:
    """What the page says of a report that was unknown or has changed: number, address, title."""
    known = draft.known[one]
    better: dict[str, Any] = {}
    if row.product and known.product is None:
        better |= {"product": row.product, "url": row.url}
    # An agency page's titles lag behind and are never trusted over a report's own.
    authoritative = pen.reader.format in (Format.CSV, Format.PRODUCT)
    if authoritative and folding.title_hash(row.title) != known.title_hash:
        better |= {"title": row.title, "title_hash": folding.title_hash(row.title)}
    if name := draft.matching.renamed.get(one):
        better |= {"agency": name, "agency_folded": folding.fold_agency(name)}
    return better


def write_rebased(pen: Pen, draft: Draft) -> None:
    """Take a new baseline under a new folding: the words as they stand today, no event."""
    table = recommendations
    for row, standing in draft.rebased:
        fingerprints = {
            "fingerprint": row.fingerprint,
            "text_fingerprint": folding.text_fingerprint(row.text),
        }
        pen.connection.execute(update(table).where(table.c.id == standing.id).values(fingerprints))
        number = revisions.c.number == standing.revision
        pen.connection.execute(
            update(revisions)
            .where(revisions.c.recommendation_id == standing.id, number)
            .values(fingerprint=row.fingerprint)
        )
