"""Writes the changes of a believed capture: state, revisions, events and readings, in few statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from monitor.intake import loading, short_cuts
from monitor.intake.changesets import Change, Changeset
from monitor.intake.decide.detection import ComparedFields, Reader, Reading
from monitor.record import folding
from monitor.record.batches import batched
from monitor.record.ids import new_id
from monitor.record.store.schema import aliases, events, readings, recommendations, revisions
from monitor.record.store.store import upsert
from monitor.record.values import EventType, Format, Recommendation, Subject

_ROWS = 1000  # to one insert of a first capture


@dataclass(frozen=True, slots=True)
class CaptureWriter:
    """What all that is written of one capture shares. `silent`: imported history."""

    connection: Connection
    reader: Reader
    capture_id: int | None
    captured_at: datetime
    now: datetime
    silent: bool = False


def write_unseen(writer: CaptureWriter, rows: list[Recommendation], hashes: Mapping[str, bytes]) -> list[int]:
    """Add recommendations that no source has shown yet; returns their ids in the order given.

    `hashes`: of the rows as they came, by the page's keys.
    """
    if not rows:
        return []
    renamed = _under_free_keys(writer, rows)
    owners = loading.load_owners(writer.connection, [row.key for row in renamed])
    short_cuts.forget(writer.connection, owners.values())
    ids: list[int] = []
    # A first capture is the whole export: what is bound for the store of it is held for a few rows at a time.
    for some in batched(zip(renamed, rows, strict=True), _ROWS):
        ids += _write_new(writer, [row for row, _ in some], [hashes.get(shown.key) for _, shown in some])
    return ids


def _write_new(
    writer: CaptureWriter, rows: list[Recommendation], hashes: Sequence[bytes | None]
) -> list[int]:
    connection = writer.connection
    ids = list(connection.scalars(_ADD, [_new_recommendation(writer, row) for row in rows]))
    new = list(zip(ids, rows, strict=True))
    connection.execute(_naming(connection), [{"key": row.key, "recommendation_id": one} for one, row in new])
    connection.execute(insert(revisions), [_revision(writer, one, 1, row) for one, row in new])
    read = [
        Reading(ComparedFields.of(row), 1, row_hash=found) for row, found in zip(rows, hashes, strict=True)
    ]
    write_readings(writer, dict(zip(ids, read, strict=True)))
    return ids


_ADD = insert(recommendations).returning(recommendations.c.id, sort_by_parameter_order=True)
# The longest statements of a first capture are composed once: that takes longer than executing them.
_COMPOSED: dict[tuple[str, str], Any] = {}


def _naming(connection: Connection) -> Any:
    # A key belongs to the recommendation that bears it now, whichever bore it once.
    dialect = connection.dialect.name
    if (dialect, "aliases") not in _COMPOSED:
        named = upsert(connection)(aliases)
        _COMPOSED[dialect, "aliases"] = named.on_conflict_do_update(
            index_elements=["key"], set_={"recommendation_id": named.excluded.recommendation_id}
        )
    return _COMPOSED[dialect, "aliases"]


def _reading_again(connection: Connection) -> Any:
    dialect = connection.dialect.name
    if (dialect, "readings") not in _COMPOSED:
        read = upsert(connection)(readings)
        _COMPOSED[dialect, "readings"] = read.on_conflict_do_update(
            index_elements=["source_id", "format", "recommendation_id"],
            set_={name: getattr(read.excluded, name) for name in _READ},
        )
    return _COMPOSED[dialect, "readings"]


def _under_free_keys(writer: CaptureWriter, rows: list[Recommendation]) -> list[Recommendation]:
    """Another report of a title that is known already gets a key with its text in it, as on one page."""
    taken = loading.taken_keys(writer.connection, [row.key for row in rows])
    return [
        replace(row, key=folding.key_apart(row.key, row.text)) if row.key in taken else row for row in rows
    ]


_SHOWN = tuple(field.name for field in fields(Recommendation))  # columns of recommendations, too
_REVISED = ("status", "priority", "narrative", "fingerprint", "text")


def _new_recommendation(writer: CaptureWriter, row: Recommendation) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in _SHOWN},
        "agency_folded": folding.fold_agency(row.agency),
        "title_hash": folding.title_hash(row.title),
        "text_fingerprint": folding.text_fingerprint(row.text),
        "revision": 1,
        "present": True,
        "first_seen_at": writer.captured_at,
        "changed_at": writer.captured_at,
    }


def _revision(writer: CaptureWriter, one: int, number: int, row: Any) -> dict[str, Any]:
    """A revision of what a row of a page, or of the state, says."""
    return {
        **{name: getattr(row, name) for name in _REVISED},
        "recommendation_id": one,
        "number": number,
        "source_id": writer.reader.source,
        "format": writer.reader.format,
        "capture_id": writer.capture_id,
        "observed_at": writer.captured_at,
        "present": True,
    }


_READ = ("fingerprint", "text_fingerprint", "status", "priority", "revision", "read_at", "misses", "row_hash")


def write_readings(writer: CaptureWriter, shown: Mapping[int, Reading]) -> None:
    """Write what the source shows now, by recommendation; what it shows is not missed."""
    if not shown:
        return
    mine = {"source_id": writer.reader.source, "format": writer.reader.format, "read_at": writer.captured_at}
    rows = [
        {
            **mine,
            "recommendation_id": one,
            **reading.fields._asdict(),
            "revision": reading.revision,
            "misses": reading.misses,
            "row_hash": reading.row_hash,
        }
        for one, reading in shown.items()
    ]
    writer.connection.execute(_reading_again(writer.connection), rows)


def write_row_hashes(writer: CaptureWriter, changes: Changeset) -> None:
    """Write the hashes of rows whose bytes are not those of last time though they say the same."""
    other = [
        {"one": one, "hash": found}
        for one, change in changes.shown.items()
        if (found := change.compared.row_hash)
        and (before := change.compared.reading)
        and before.row_hash != found
    ]
    if other:
        mine = (readings.c.source_id == writer.reader.source, readings.c.format == writer.reader.format)
        statement = update(readings).where(*mine, readings.c.recommendation_id == bindparam("one"))
        writer.connection.execute(statement.values(row_hash=bindparam("hash")), other)


def write_changes(writer: CaptureWriter, changes: Collection[Change]) -> list[str]:
    """Add a revision and an event for each change, and update the state; returns the events' ids."""
    if not changes:
        return []
    # (recommendation, revision number) is unique: another writer of this revision would fail here.
    new = [
        _revision(writer, one.compared.known.id, one.decision.confirmed, one.compared.row) for one in changes
    ]
    writer.connection.execute(insert(revisions), new)
    moving: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _MOVING}
    moved = update(recommendations).where(recommendations.c.id == bindparam("one"))
    moved = moved.values({**moving, "present": True, "changed_at": writer.captured_at})
    writer.connection.execute(moved, [_moved(one) for one in changes])
    return write_events(writer, [happened for one in changes if (happened := _happening(one))])


def _happening(change: Change) -> "Happening | None":
    known, decision = change.compared.known, change.decision
    if decision.type is None:
        return None
    return Happening(known.id, decision.type, decision.changed, known.revision, decision.confirmed)


_MOVING = (*_REVISED, "text_fingerprint", "revision")


def _moved(change: Change) -> dict[str, Any]:
    new = {name: getattr(change.compared.row, name) for name in _REVISED}
    new |= {
        "text_fingerprint": change.compared.fields.text_fingerprint,
        "revision": change.decision.confirmed,
    }
    return {"one": change.compared.known.id, **{f"new_{name}": value for name, value in new.items()}}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event to be written. `old`, `new`: numbers of revisions; None where there is no such side."""

    recommendation_id: int
    type: EventType
    changed: tuple[str, ...] = ()
    old: int | None = None
    new: int | None = None
    revision: int | None = None  # its place in the order, where it is not that of `new`


def write_events(writer: CaptureWriter, happenings: list[Happening]) -> list[str]:
    """Add events, which name their subjects as they are known now; returns their ids in order."""
    if not happenings:
        return []
    subjects = loading.load_subjects(writer.connection, {one.recommendation_id for one in happenings})
    rows = [
        {
            "id": new_id("evt"),
            "type": one.type,
            "source_id": writer.reader.source,
            "recommendation_id": one.recommendation_id,
            "capture_id": writer.capture_id,
            "at": writer.captured_at,
            "revision": one.revision or one.new or 1,
            "old_revision": one.old,
            "new_revision": one.new,
            "changed": list(one.changed),
            "subject": asdict(_subject(subjects[one.recommendation_id])),
            "silent": writer.silent,
        }
        for one in happenings
    ]
    writer.connection.execute(insert(events), rows)
    return [str(row["id"]) for row in rows]


def _subject(row: Any) -> Subject:
    return Subject(row.key, row.product, row.kind, row.number, row.agency, row.title, row.text, row.url)


def write_vanished(writer: CaptureWriter, ids: Iterable[int]) -> list[str]:
    """Mark recommendations as gone unexplained, each with a revision of its own; returns the events' ids."""
    subjects = loading.load_subjects(writer.connection, set(ids))
    if not subjects:
        return []
    short_cuts.forget(writer.connection, subjects.keys())
    last = [
        _revision(writer, row.id, row.revision + 1, row) | {"present": False} for row in subjects.values()
    ]
    writer.connection.execute(insert(revisions), last)
    table = recommendations
    for some in batched(subjects):
        gone = {"present": False, "revision": table.c.revision + 1, "changed_at": writer.captured_at}
        writer.connection.execute(update(table).where(table.c.id.in_(some)).values(gone))
    happenings = [
        Happening(one, EventType.VANISHED, old=row.revision, revision=row.revision + 1)
        for one, row in subjects.items()
    ]
    return write_events(writer, happenings)


def write_identities(writer: CaptureWriter, changes: Changeset) -> set[int]:
    """Add aliases, give joined recommendations their real keys, and fill in what a page says better.

    Returns the ids of those whose row was changed.
    """
    found, connection = changes.matching, writer.connection
    if found.aliases:
        connection.execute(
            upsert(connection)(aliases).on_conflict_do_nothing(),
            [{"key": key, "recommendation_id": one} for key, one in found.aliases.items()],
        )
    table = recommendations
    for one, key in found.joined.items():
        connection.execute(update(table).where(table.c.id == one).values(key=key))
    improved = set()
    for one, change in changes.shown.items():
        if better := _better(writer, changes, one, change.compared.row):
            connection.execute(update(table).where(table.c.id == one).values(better))
            improved.add(one)
    return found.joined.keys() | improved


def _better(writer: CaptureWriter, changes: Changeset, one: int, row: Recommendation) -> dict[str, Any]:
    """What the page says of a report that was unknown or has changed: number, address, title."""
    known = changes.candidates[one]
    better: dict[str, Any] = {}
    if row.product and known.product is None:
        better |= {"product": row.product, "url": row.url}
    # An agency page's titles lag behind and are never trusted over a report's own.
    authoritative = writer.reader.format in (Format.CSV, Format.PRODUCT)
    title_hash = folding.title_hash(row.title)
    if authoritative and title_hash != known.title_hash:
        better |= {"title": row.title, "title_hash": title_hash}
    if name := changes.matching.renamed.get(one):
        better |= {"agency": name, "agency_folded": folding.fold_agency(name)}
    return better


def write_rebased(writer: CaptureWriter, changes: Collection[Change]) -> None:
    """Take a new baseline under a new folding: the current words, no event."""
    for change in changes:
        fields, known = change.compared.fields, change.compared.known
        fingerprints = {"fingerprint": fields.fingerprint, "text_fingerprint": fields.text_fingerprint}
        state = update(recommendations).where(recommendations.c.id == known.id)
        writer.connection.execute(state.values(fingerprints))
        mine = (revisions.c.recommendation_id == known.id, revisions.c.number == known.revision)
        writer.connection.execute(update(revisions).where(*mine).values(fingerprint=fields.fingerprint))
