"""Queries that detection, notification and the application share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from monitor.record.batches import batched
from monitor.record.store.schema import events, revisions
from monitor.record.values import Event, EventType, Kind, Reminder, State, Subject

_SIDE = ("status", "priority", "narrative", "fingerprint", "text", "observed_at")


def load_events(
    connection: Connection, *, ids: Sequence[str] | None = None, capture_id: int | None = None
) -> list[Event]:
    """Events with both sides: those of `ids`, in that order, or all of a capture, by key and revision."""
    old, new = revisions.alias("old"), revisions.alias("new")
    query = (
        select(
            events,
            *(old.c[name].label(f"old_{name}") for name in _SIDE),
            *(new.c[name].label(f"new_{name}") for name in _SIDE),
        )
        .outerjoin(old, _side(old, events.c.old_revision))
        .outerjoin(new, _side(new, events.c.new_revision))
    )
    if ids is None:
        query = query.where(events.c.capture_id == capture_id)
        found = [_event(row) for row in connection.execute(query)]
        return sorted(found, key=lambda event: (event.subject.key, event.revision))
    loaded: dict[str, Event] = {}
    for batch in batched(ids):
        rows = connection.execute(query.where(events.c.id.in_(batch)))
        loaded |= {row.id: _event(row) for row in rows}
    return [loaded[one] for one in ids if one in loaded]


def _side(table: Any, number: Any) -> Any:
    return and_(table.c.recommendation_id == events.c.recommendation_id, table.c.number == number)


def _event(row: Any) -> Event:
    subject = row.subject | {"kind": Kind(row.subject["kind"])}
    return Event(
        id=row.id,
        type=EventType(row.type),
        source=row.source_id,
        at=row.at,
        recommendation_id=row.recommendation_id,
        revision=row.revision,
        subject=Subject(**subject),
        changed=tuple(row.changed),
        old=_state(row, "old", row.old_revision),
        new=_state(row, "new", row.new_revision),
        capture_id=row.capture_id,
        reminder=Reminder(row.reminder, row.reminder_text or "") if row.reminder else None,
    )


def _state(row: Any, side: str, number: int | None) -> State | None:
    if number is None:
        return None
    return State(**{name: getattr(row, f"{side}_{name}") for name in _SIDE})


def narratives_before(connection: Connection, recommendation_id: int, revision: int) -> list[str]:
    """The narratives of the revisions before one, oldest first."""
    query = (
        select(revisions.c.narrative)
        .where(revisions.c.recommendation_id == recommendation_id, revisions.c.number < revision)
        .order_by(revisions.c.number)
    )
    return list(connection.scalars(query))
