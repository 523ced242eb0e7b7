"""Reads what is stored in few statements: candidates for rows, their state, the source's last readings."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, or_, select

from monitor.intake.decide.detection import ComparedFields, Earlier, KnownRecommendation, Reader, Reading
from monitor.intake.decide.identity import Candidate
from monitor.record import folding
from monitor.record.batches import batched
from monitor.record.store.schema import aliases, readings, recommendations, revisions
from monitor.record.values import Capture, Format, Kind, is_closed

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def load_candidates(
    connection: Connection, capture: Capture, owners: dict[str, int] | None = None
) -> list[Candidate]:
    """Every recommendation that a row of the capture may be; of the export, that is any.

    `owners`: who bears the keys of its rows, where each row's key is known and no other candidate is needed.
    """
    if owners is not None:
        return _candidates(connection, set(owners.values()))
    if capture.format is Format.CSV:
        return _candidates(connection, None)
    rows = capture.recommendations
    ids: set[int] = set()
    keys = {row.key for row in rows} | {folding.key_apart(row.key, row.text) for row in rows}
    for query, values in [(_BEARING, keys), *_features(capture)]:
        for some in batched(values):
            ids.update(connection.scalars(query, {"some": some}))
    return _candidates(connection, ids)


def _having(query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    return query.where(column.in_(bindparam("some", expanding=True)))


# Composed once: to compose these takes longer than to execute them.
_BEARING = _having(select(aliases.c.recommendation_id), aliases.c.key)
_OF_PRODUCT, _OF_TITLE, _OF_TEXT = (
    _having(select(recommendations.c.id), recommendations.c[name])
    for name in ("product", "title_hash", "text_fingerprint")
)


def _features(capture: Capture) -> list[tuple[Select[Any], set[str]]]:
    rows = capture.recommendations
    products = {row.product for row in rows if row.product}
    if capture.format is Format.PRODUCT and capture.subject:
        products.add(capture.subject)
    return [
        (_OF_PRODUCT, products),
        (_OF_TITLE, {folding.title_hash(row.title) for row in rows}),
        (_OF_TEXT, {folding.text_fingerprint(row.text) for row in rows}),
    ]


def _candidates(connection: Connection, ids: set[int] | None) -> list[Candidate]:
    keys: dict[int, list[str]] = defaultdict(list)
    owners = select(aliases.c.key, aliases.c.recommendation_id)
    for key, owner in _among(connection, owners, aliases.c.recommendation_id, ids):
        keys[owner].append(key)
    query = select(*(recommendations.c[name] for name in _OF_CANDIDATES))
    found = [row._asdict() for row in _among(connection, query, recommendations.c.id, ids)]
    return [Candidate(**{**row, "kind": Kind(row["kind"])}, keys=tuple(keys[row["id"]])) for row in found]


_OF_CANDIDATES = tuple(field.name for field in fields(Candidate) if field.name != "keys")


def _among(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], ids: Collection[Any] | None
) -> list[Any]:
    if ids is None:
        return list(connection.execute(query))
    return [row for some in batched(ids) for row in connection.execute(query.where(column.in_(some)))]


def load_known(connection: Connection, ids: Collection[int], now: datetime) -> dict[int, KnownRecommendation]:
    """The state of recommendations, by id.

    What was observed in the future was observed under a clock that ran ahead: taken as old, so that it does
    not make every later page of another source outdated.
    """
    table, last = recommendations, revisions
    query = select(
        table.c.id,
        table.c.fingerprint,
        table.c.status,
        table.c.priority,
        table.c.text_fingerprint,
        table.c.revision,
        table.c.present,
        last.c.observed_at,
        last.c.source_id,
        last.c.format,
    ).join(last, and_(last.c.recommendation_id == table.c.id, last.c.number == table.c.revision))
    return {
        row[0]: KnownRecommendation(
            row[0],
            ComparedFields(*row[1:5]),
            row[5],
            row[6],
            row[7] if row[7] <= now else _LONG_AGO,
            Reader(row[8], row[9]),
        )
        for row in _among(connection, query, table.c.id, set(ids))
    }


def load_readings(
    connection: Connection, reader: Reader, ids: Collection[int] | None = None
) -> dict[int, Reading]:
    """A source's own last readings, by recommendation: all of them, or those of some."""
    table = readings
    query = select(
        table.c.recommendation_id,
        table.c.fingerprint,
        table.c.status,
        table.c.priority,
        table.c.text_fingerprint,
        table.c.revision,
        table.c.misses,
        table.c.row_hash,
    ).where(table.c.source_id == reader.source, table.c.format == reader.format)
    return {
        one: Reading(ComparedFields(fingerprint, status, priority, text), revision, misses, row_hash)
        for one, fingerprint, status, priority, text, revision, misses, row_hash in _among(
            connection, query, table.c.recommendation_id, ids
        )
    }


def load_row_hashes(connection: Connection, reader: Reader) -> dict[int, bytes | None]:
    """The hash of the unparsed row behind each of a source's readings; None where the row is to be read."""
    table = readings
    lasting = case((table.c.misses == 0, table.c.row_hash))
    mine = (table.c.source_id == reader.source, table.c.format == reader.format)
    query = select(table.c.recommendation_id, lasting).where(*mine)
    # As long as the export: a row at a time, and no objects.
    return {row[0]: row[1] for row in connection.execute(query)}


def load_owners(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """The recommendations that bear these keys, or did."""
    query = select(aliases.c.key, aliases.c.recommendation_id)
    return {row[0]: row[1] for row in _among(connection, query, aliases.c.key, set(keys))}


def count_listed(connection: Connection, reader: Reader) -> int:
    """How many recommendations a source shows or has shown that count as open and listed."""
    table = recommendations
    shown = and_(
        readings.c.recommendation_id == table.c.id,
        readings.c.source_id == reader.source,
        readings.c.format == reader.format,
    )
    query = select(table.c.status, func.count()).join(readings, shown).where(table.c.present)
    counts = connection.execute(query.group_by(table.c.status))
    return sum(count for status, count in counts if not is_closed(status))


def count_labels(connection: Connection, reader: Reader) -> Counter[str | bool]:
    """How many recommendations a source shows with each status, and with each priority."""
    table = readings
    mine = (table.c.source_id == reader.source, table.c.format == reader.format, table.c.misses == 0)
    query = select(table.c.status, table.c.priority, func.count()).where(*mine)
    found: Counter[str | bool] = Counter()
    for status, priority, count in connection.execute(query.group_by(table.c.status, table.c.priority)):
        found[status] += count
        found[bool(priority)] += count
    return found


def load_earlier(connection: Connection, ids: Collection[int]) -> dict[int, list[Earlier]]:
    """The compared fields of all revisions of some recommendations, under today's folding."""
    table = revisions
    query = select(
        table.c.recommendation_id,
        table.c.number,
        table.c.fingerprint,
        table.c.narrative,
        table.c.status,
        table.c.priority,
        table.c.text,
    )
    found: dict[int, list[Earlier]] = defaultdict(list)
    for row in _among(connection, query, table.c.recommendation_id, set(ids)):
        known = row.fingerprint.startswith(folding.VERSION)
        fingerprint = row.fingerprint if known else folding.fingerprint(row.narrative)
        compared = ComparedFields(fingerprint, row.status, row.priority, folding.text_fingerprint(row.text))
        found[row.recommendation_id].append(Earlier(row.number, compared))
    return found


def load_narratives(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The current narratives, by id."""
    query = select(recommendations.c.id, recommendations.c.narrative)
    return {row[0]: row[1] for row in _among(connection, query, recommendations.c.id, set(ids))}


def taken_keys(connection: Connection, keys: Collection[str]) -> set[str]:
    """Which of these keys recommendations bear now; aliases are free."""
    query = select(recommendations.c.key)
    return {row.key for row in _among(connection, query, recommendations.c.key, set(keys))}


def load_subjects(connection: Connection, ids: Collection[int]) -> dict[int, Any]:
    """Whole rows of recommendations, by id."""
    query = select(recommendations)
    return {row.id: row for row in _among(connection, query, recommendations.c.id, set(ids))}


def known_reports(connection: Connection, capture: Capture) -> set[str]:
    """The reports on a page of which something is stored: product numbers and titles' hashes."""
    hashes = {folding.title_hash(row.title) for row in capture.recommendations}
    products = {row.product for row in capture.recommendations if row.product}
    table = recommendations
    wanted = or_(table.c.title_hash.in_(hashes), table.c.product.in_(products))
    found = connection.execute(select(table.c.title_hash, table.c.product).where(wanted))
    return {value for row in found for value in row if value}
