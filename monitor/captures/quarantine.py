"""Captures that were held back, and what people decide about them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import select, update

from monitor.intake import Arrival, Intake, IntakeOptions, load_evidence, take_in
from monitor.record.settings import Settings, Source
from monitor.record.store.schema import captures
from monitor.record.store.store import Store
from monitor.record.values import Format, Page


class QuarantineError(Exception):
    """The capture cannot be shown, released or discarded; the message says why."""


@dataclass(frozen=True, slots=True)
class Held:
    """A capture that was held back: why, and what became of it (released, discarded, or None as yet)."""

    id: int
    source: str
    origin: str
    format: str | None
    captured_at: datetime
    recorded_at: datetime
    seen: int
    reason: str
    settled: str | None
    sha256: str


_COLUMNS = {"source": "source_id"}  # where a column is not named as the field


def held_captures(store: Store, *, settled: bool = False) -> list[Held]:
    """Captures that wait for a decision, oldest first; with `settled`, decided ones too."""
    columns = (captures.c[_COLUMNS.get(field.name, field.name)] for field in fields(Held))
    query = select(*columns).where(captures.c.reason.is_not(None)).order_by(captures.c.id)
    if not settled:
        query = query.where(captures.c.held)
    with store.read() as connection:
        return [Held(*row) for row in connection.execute(query)]


def held_capture(store: Store, capture_id: int) -> Held:
    """One of them; QuarantineError where that number has none."""
    for one in held_captures(store, settled=True):
        if one.id == capture_id:
            return one
    raise QuarantineError(
        f"no capture {capture_id} was held back; `recwatch quarantine` lists those that are"
    )


def held_page(store: Store, capture_id: int) -> Page:
    """The page as it was kept."""
    with store.read() as connection:
        page = load_evidence(connection, capture_id)
    if page is None:
        raise QuarantineError(f"the bytes of capture {capture_id} are no longer kept")
    return page


def release(store: Store, settings: Settings, capture_id: int, *, now: datetime) -> Intake:
    """Take a held capture in as if it had been believed.

    A kill between the two writes leaves it held; released again it changes nothing more.
    """
    held = _undecided(store, capture_id)
    source = _source(settings.sources, held)
    page = held_page(store, capture_id)
    wanted = Format(held.format) if held.format else None
    options = IntakeOptions(format=wanted, released=True)
    intake = take_in(store, settings, Arrival(source, page, now, options))
    if intake.capture_id == capture_id:
        raise QuarantineError(f"capture {capture_id} cannot be read, so it cannot be believed: {held.reason}")
    _settle(store, capture_id, "released")
    return intake


def discard(store: Store, capture_id: int) -> Held:
    """Decide that a held capture is to be ignored."""
    held = _undecided(store, capture_id)
    _settle(store, capture_id, "discarded")
    return held


def _undecided(store: Store, capture_id: int) -> Held:
    held = held_capture(store, capture_id)
    if held.settled:
        raise QuarantineError(f"capture {capture_id} was {held.settled} before")
    return held


def _source(sources: Iterable[Source], held: Held) -> Source:
    for source in sources:
        if source.id == held.source:
            return source
    raise QuarantineError(
        f'capture {held.id} is of the source "{held.source}", which is not configured any more'
    )


def _settle(store: Store, capture_id: int, how: str) -> None:
    with store.write() as connection:
        connection.execute(
            update(captures).where(captures.c.id == capture_id).values(held=False, settled=how)
        )
