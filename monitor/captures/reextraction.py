"""Reads kept captures again with today's extractor: the evidence of an event, and what is read otherwise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from monitor.formats import NotAPage, extract
from monitor.intake.decide import detection, identity
from monitor.intake.decide.detection import ComparedFields, KnownRecommendation, Reader
from monitor.intake.evidence import load_evidence
from monitor.intake.loading import load_candidates, load_earlier
from monitor.intake.reading import once_each
from monitor.record.store.schema import captures, events, evidence, recommendations, revisions
from monitor.record.values import Event, EventType, Format, Kind, Recommendation

_BY_THE_CLOCK = (EventType.OVERDUE, EventType.STALLED)
FIELDS = ("narrative", "status", "priority", "text")


@dataclass(frozen=True, slots=True)
class Kept:
    """A capture whose bytes were kept. `size` in bytes; None once they are no longer there."""

    capture: int
    source: str
    origin: str
    format: str | None
    captured_at: datetime
    outcome: str
    seen: int
    sha256: str
    size: int | None
    held: bool
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Side:
    """What today's extractor reads of one recommendation in a kept capture.

    `row` is None where the page does not show it; `refusal` says why nothing could be read at all.
    `differs`: the fields that today's reading has otherwise than they were recorded.
    """

    kept: Kept
    row: Recommendation | None = None
    refusal: str = ""
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Derivation:
    """An event worked out again from kept bytes: `type` is None where they say that nothing happened."""

    before: Side | None
    after: Side | None
    type: EventType | None
    changed: tuple[str, ...]
    agrees: bool


@dataclass(frozen=True, slots=True)
class Divergence:
    """One thing that today's extractor reads otherwise than was recorded.

    `field`: one of FIELDS; `key` where only one of the two readings has the recommendation; `page` where only
    one of them can read the page.
    """

    kept: Kept
    key: str | None
    field: str
    then: str
    now: str


_COLUMNS = (
    captures.c.id.label("capture"),
    captures.c.source_id.label("source"),
    captures.c.origin,
    captures.c.format,
    captures.c.captured_at,
    captures.c.outcome,
    captures.c.seen,
    captures.c.sha256,
    evidence.c.size,
    captures.c.reason.is_not(None).label("held"),
    captures.c.headers,
)


def _kept(row: Row[Any]) -> Kept:
    return Kept(**row._mapping)


def kept_captures(connection: Connection, *, since: datetime | None = None) -> list[Kept]:
    """Captures whose bytes are still there, oldest first."""
    query = select(*_COLUMNS).join(evidence, evidence.c.sha256 == captures.c.sha256).order_by(captures.c.id)
    if since is not None:
        query = query.where(captures.c.captured_at >= since)
    return [_kept(row) for row in connection.execute(query)]


def _kept_capture(connection: Connection, capture_id: int) -> Kept:
    joined = captures.outerjoin(evidence, evidence.c.sha256 == captures.c.sha256)
    query = select(*_COLUMNS).select_from(joined).where(captures.c.id == capture_id)
    return _kept(connection.execute(query).one())


@dataclass(frozen=True, slots=True)
class _Today:
    """A kept capture as it is read today: rows by the recommendation that they are, and rows of none."""

    rows: dict[int, Recommendation]
    strangers: list[Recommendation]
    seen: int


def _read(connection: Connection, kept: Kept) -> _Today:
    """Read a kept capture again; NotAPage where it cannot be read, or its bytes are gone."""
    page = load_evidence(connection, kept.capture)
    if page is None:
        raise NotAPage("its bytes are no longer kept")
    form = Format(kept.format) if kept.format else None
    capture = extract(page.body, format=form, content_type=page.content_type, url=page.origin)
    rows = once_each(capture.recommendations)
    known = identity.match(rows, load_candidates(connection, capture), complete=capture.complete).known
    strangers = [row for place, row in enumerate(rows) if place not in known]
    return _Today({one.id: rows[place] for place, one in known.items()}, strangers, len(rows))


# One event ---------------------------------------------------------------------------------------


def derive(connection: Connection, event: Event) -> Derivation:
    """Work an event out again from the bytes that it rests on."""
    old, new = _recorded(connection, event)
    before = _side(connection, event, old) if old else None
    if event.type in _BY_THE_CLOCK:
        sound = before is not None and not before.differs and not before.refusal
        return Derivation(before, before, event.type if sound else None, (), agrees=sound)
    after = _side(connection, event, new) if new else _without(connection, event)
    kind, changed = _between(before, after, _was_present(connection, event))
    as_recorded = not any(side.differs or side.refusal for side in (before, after) if side)
    agrees = as_recorded and (kind, changed) == (event.type, event.changed)
    return Derivation(before, after, kind, changed, agrees=agrees)


def _was_present(connection: Connection, event: Event) -> bool:
    """Whether it was on the list before the event; one that had left is reopened by whatever it says."""
    old = select(events.c.old_revision).where(events.c.id == event.id).scalar_subquery()
    mine = revisions.c.recommendation_id == event.recommendation_id
    return bool(connection.scalar(select(revisions.c.present).where(mine, revisions.c.number == old)))


def _recorded(connection: Connection, event: Event) -> tuple[Row[Any] | None, Row[Any] | None]:
    """The revisions that an event leads from and to; of one that had left, the last that was shown."""
    numbers = select(events.c.old_revision, events.c.new_revision).where(events.c.id == event.id)
    old, new = connection.execute(numbers).one()
    mine = select(revisions).where(revisions.c.recommendation_id == event.recommendation_id)
    shown = mine.where(revisions.c.present).order_by(revisions.c.number.desc())
    return (
        connection.execute(shown.where(revisions.c.number <= old)).first() if old else None,
        connection.execute(mine.where(revisions.c.number == new)).one() if new else None,
    )


def _side(connection: Connection, event: Event, recorded: Row[Any]) -> Side | None:
    if recorded.capture_id is None:
        return None
    kept = _kept_capture(connection, recorded.capture_id)
    try:
        row = _read(connection, kept).rows.get(event.recommendation_id)
    except NotAPage as error:
        return Side(kept, refusal=str(error))
    row = _as_far_as_shown(row, recorded) if row else None
    return Side(kept, row, differs=_differing(row, recorded) if row else FIELDS)


def _without(connection: Connection, event: Event) -> Side | None:
    """The capture that it was missing from, where nothing says what became of it."""
    if event.capture_id is None:
        return None
    kept = _kept_capture(connection, event.capture_id)
    try:
        return Side(kept, _read(connection, kept).rows.get(event.recommendation_id))
    except NotAPage as error:
        return Side(kept, refusal=str(error))


def _differing(row: Recommendation, recorded: Row[Any]) -> tuple[str, ...]:
    return tuple(name for name in FIELDS if getattr(row, name) != getattr(recorded, name))


def _as_far_as_shown(row: Recommendation, recorded: Row[Any]) -> Recommendation:
    """A report's table of matters has no priority: what was known holds."""
    unmarked = row.kind is Kind.MATTER and recorded.format == Format.PRODUCT
    return replace(row, priority=recorded.priority) if unmarked else row


def _between(
    before: Side | None, after: Side | None, present: bool
) -> tuple[EventType | None, tuple[str, ...]]:
    if after is None or after.row is None:
        return (EventType.VANISHED if before and before.row else None), ()
    if before is None or before.row is None:
        return EventType.OPENED, ()
    old, new = ComparedFields.of(before.row), ComparedFields.of(after.row)
    known = KnownRecommendation(0, old, 1, present, before.kept.captured_at, Reader("", ""))
    return detection.type_of_change(new, known), detection.changed_fields(new, old)


# Everything --------------------------------------------------------------------------------------


def reread(connection: Connection, kept: Kept) -> Iterator[Divergence]:
    """What today's extractor reads otherwise in one kept capture than was recorded of it.

    What the capture was the first to show is compared to the letter; everything else on it must look like
    one of the recommendation's recorded revisions.
    """
    try:
        today = _read(connection, kept)
    except NotAPage as error:
        if not kept.held:
            yield Divergence(kept, None, "page", f"{kept.seen} recommendations", str(error))
        return
    if kept.held:
        if not kept.seen:
            yield Divergence(kept, None, "page", "nothing", f"{today.seen} recommendations")
        return
    yield from _against_its_revisions(connection, kept, today.rows)
    yield from _against_history(connection, kept, today.rows)
    for row in today.strangers:
        yield Divergence(kept, row.key, "key", "not shown", "shown")


def _against_its_revisions(
    connection: Connection, kept: Kept, rows: dict[int, Recommendation]
) -> Iterator[Divergence]:
    """Hold today's rows against what the capture was the first to show; takes those out of `rows`."""
    query = select(revisions, recommendations.c.key).join(recommendations)
    mine = query.where(revisions.c.capture_id == kept.capture, revisions.c.present)
    for recorded in connection.execute(mine.order_by(recommendations.c.key)):
        row = rows.pop(recorded.recommendation_id, None)
        if row is None:
            yield Divergence(kept, recorded.key, "key", "shown", "not shown")
            continue
        row = _as_far_as_shown(row, recorded)
        for name in _differing(row, recorded):
            yield Divergence(kept, row.key, name, str(getattr(recorded, name)), str(getattr(row, name)))


def _against_history(
    connection: Connection, kept: Kept, rows: dict[int, Recommendation]
) -> Iterator[Divergence]:
    known = load_earlier(connection, rows.keys())
    for one, row in sorted(rows.items()):
        past = [earlier.fields for earlier in known[one]]
        today = ComparedFields.of(row)
        if row.kind is Kind.MATTER and kept.format == Format.PRODUCT:
            past = [fields._replace(priority=row.priority) for fields in past]
        if today in past:
            continue
        nearest = min(past, key=lambda fields: len(detection.changed_fields(today, fields)))
        for name in detection.changed_fields(today, nearest):
            yield Divergence(kept, row.key, name, "in no revision", str(getattr(row, name)))
