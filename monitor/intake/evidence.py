"""The kept bytes of captures that changed something or were held back: compressed, by their SHA-256."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, union, update

from monitor.intake.values import Arrival, Lasting
from monitor.record.batches import batched
from monitor.record.bodies import Packed, filled, pieces
from monitor.record.settings import StoreSettings
from monitor.record.store.schema import captures, events, evidence, revisions
from monitor.record.store.store import upsert
from monitor.record.values import Outcome, Page

_LARGE = 10**6  # bytes
# zlib's levels: of a page, 5 would be two and a half times the work for 11 % less room. For the export, twice
# a day and most of all that is kept, a third less is not worth four times the work.
_LEVEL, _LEVEL_OF_LARGE = 2, 1
_READ = 64 * 1024  # bytes of what is packed that are unpacked at a time
_BULKY = 4 * 10**6  # bytes of what is packed, from which they are written in pieces


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """What is recorded of a capture beside its bytes. `reason`: why it is held back."""

    lasting: Lasting
    format: str | None
    outcome: Outcome
    seen: int = 0
    reason: str | None = None


def digest(lasting: Lasting) -> str:
    """SHA-256 of bytes as they are kept, in hex."""
    made = sha256()
    for piece in _pieces(lasting):
        made.update(piece)
    return made.hexdigest()


def _pieces(lasting: Lasting) -> Iterable[bytes]:
    if isinstance(lasting, bytes):
        return (lasting,)
    return pieces(lasting) if isinstance(lasting, Packed) else lasting


def keep_evidence(connection: Connection, arrival: Arrival, record: CaptureRecord) -> int:
    """Keep the bytes of a page and what is recorded of it; returns the capture's id."""
    page = arrival.page
    level = _LEVEL if len(page.body) < _LARGE else _LEVEL_OF_LARGE
    sha = _keep(connection, _pack(record.lasting, level), arrival.now)
    statement = insert(captures).values(
        source_id=arrival.source.id,
        origin=page.origin,
        format=record.format,
        captured_at=arrival.captured_at,
        recorded_at=arrival.now,
        sha256=sha,
        content_type=page.content_type,
        headers=page.headers,
        outcome=record.outcome,
        seen=record.seen,
        reason=record.reason,
        held=record.reason is not None,
    )
    return int(connection.execute(statement.returning(captures.c.id)).scalar_one())


def _pack(lasting: Lasting, level: int) -> tuple[dict[str, Any], list[bytes]]:
    """Values of a row of evidence, and the pieces of its body."""
    made, packer, packed, size = sha256(), zlib.compressobj(level), [], 0
    for piece in _pieces(lasting):
        made.update(piece)
        packed.append(packer.compress(piece))
        size += len(piece)
    packed.append(packer.flush())
    return {"sha256": made.hexdigest(), "size": size, "stored_size": sum(map(len, packed))}, packed


def _keep(connection: Connection, packed: tuple[dict[str, Any], list[bytes]], now: datetime) -> str:
    """Keep packed bytes, if they are not kept already; returns their SHA-256."""
    row, body = packed
    # The same bytes again count as kept from now on: the newer capture rests on them, too.
    again = {"created_at": now}
    add = upsert(connection)(evidence).values(**row, **again)
    if row["stored_size"] <= _BULKY or connection.dialect.name != "sqlite":
        add = add.values(body=b"".join(body))
        connection.execute(add.on_conflict_do_update(index_elements=["sha256"], set_=again))
    elif not connection.execute(
        update(evidence).where(evidence.c.sha256 == row["sha256"]).values(again)
    ).rowcount:
        # SQLite's driver would hold it three times over.
        place = connection.execute(add.values(body=func.zeroblob(row["stored_size"]))).lastrowid
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        with driver.blobopen("evidence", "body", place) as blob:
            for piece in body:
                blob.write(piece)
    return str(row["sha256"])


def load_evidence(connection: Connection, capture_id: int) -> Page | None:
    """The page as it was kept, or None where the capture is unknown or its bytes are gone."""
    query = select(captures, evidence.c.body).join(evidence, evidence.c.sha256 == captures.c.sha256)
    row = connection.execute(query.where(captures.c.id == capture_id)).one_or_none()
    if row is None:
        return None
    body = filled(_unpacked(row.body))
    return Page(body, row.origin, row.captured_at, row.content_type, row.headers)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    for start in range(0, len(packed), _READ):
        yield unpacker.decompress(packed[start : start + _READ])
    if not unpacker.eof:
        raise zlib.error("the kept bytes are cut off")


def prune_evidence(connection: Connection, settings: StoreSettings, now: datetime) -> int:
    """Drop bytes that are too old or too many, evidence of events last; returns how many were dropped.

    What is held back is kept until it is decided, unless there is no room at all.
    """
    held = exists().where(captures.c.sha256 == evidence.c.sha256, captures.c.held)
    old = delete(evidence).where(evidence.c.created_at < now - settings.keep_evidence, ~held)
    dropped = connection.execute(old).rowcount
    total = connection.execute(select(func.coalesce(func.sum(evidence.c.stored_size), 0))).scalar_one()
    if total <= settings.max_evidence:
        return dropped
    order = select(evidence.c.sha256, evidence.c.stored_size).order_by(_needed(), evidence.c.created_at)
    excess = total - settings.max_evidence
    doomed: list[str] = []
    for sha, size in connection.execute(order):
        if excess <= 0:
            break
        doomed.append(sha)
        excess -= size
    for some in batched(doomed):
        connection.execute(delete(evidence).where(evidence.c.sha256.in_(some)))
    return dropped + len(doomed)


def _needed() -> ColumnElement[bool]:
    """Whether bytes are held back, or an event rests on them: where it was seen, or what stood before."""
    seen = select(captures.c.sha256).join(events, events.c.capture_id == captures.c.id)
    mine = and_(
        events.c.recommendation_id == revisions.c.recommendation_id,
        events.c.old_revision == revisions.c.number,
    )
    before = (
        select(captures.c.sha256).join(revisions, revisions.c.capture_id == captures.c.id).join(events, mine)
    )
    held = select(captures.c.sha256).where(captures.c.held)
    return evidence.c.sha256.in_(union(seen, before, held))
