"""The kept bytes of captures that changed something or were held back: compressed, by their SHA-256."""

import zlib
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, union

from monitor.record.schema import captures, events, evidence, revisions
from monitor.record.settings import Store as StoreSettings
from monitor.record.store import upsert
from monitor.record.values import Page

_LARGE = 10**6  # bytes
# zlib's levels: 6 would be twice the work for 7 % less room. For the export, twice a day and most of all that
# is kept, a third less is not worth four times the work.
_LEVEL, _LEVEL_OF_LARGE = 5, 1


def digest(page: Page) -> str:
    """SHA-256 of the bytes as they are kept, in hex."""
    return sha256(page.body).hexdigest()


def keep_evidence(
    connection: Connection,
    page: Page,
    *,
    source_id: str,
    format: str | None,
    outcome: str,
    seen: int,
    now: datetime,
    reason: str | None = None,
) -> int:
    """Keep a page's bytes and say what they are; returns the capture's id. `reason`: why it is held back."""
    sha = digest(page)
    packed = zlib.compress(page.body, _LEVEL if len(page.body) < _LARGE else _LEVEL_OF_LARGE)
    row = {
        "sha256": sha,
        "body": packed,
        "size": len(page.body),
        "stored_size": len(packed),
        "created_at": now,
    }
    # The same bytes again count as kept from now on: the newer capture rests on them, too.
    again = upsert(connection)(evidence).values(row)
    connection.execute(
        again.on_conflict_do_update(index_elements=["sha256"], set_={"created_at": row["created_at"]})
    )
    statement = insert(captures).values(
        source_id=source_id,
        origin=page.origin,
        format=format,
        captured_at=page.captured_at,
        recorded_at=now,
        sha256=sha,
        content_type=page.content_type,
        headers=page.headers,
        outcome=outcome,
        seen=seen,
        reason=reason,
        held=reason is not None,
    )
    return int(connection.execute(statement.returning(captures.c.id)).scalar_one())


def load_evidence(connection: Connection, capture_id: int) -> Page | None:
    """The page as it was kept, or None where the capture is unknown or its bytes are gone."""
    query = select(captures, evidence.c.body).join(evidence, evidence.c.sha256 == captures.c.sha256)
    row = connection.execute(query.where(captures.c.id == capture_id)).one_or_none()
    if row is None:
        return None
    return Page(zlib.decompress(row.body), row.origin, row.captured_at, row.content_type, row.headers)


def prune_evidence(connection: Connection, settings: StoreSettings, now: datetime) -> int:
    """Drop bytes that are too old or too many, evidence of events last; returns how many were dropped.

    What is held back is kept until somebody has decided, unless there is no room at all.
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
    for start in range(0, len(doomed), 500):
        some = evidence.c.sha256.in_(doomed[start : start + 500])
        connection.execute(delete(evidence).where(some))
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
