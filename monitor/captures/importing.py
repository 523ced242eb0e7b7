"""Imports history from saved captures, oldest first, as if they had been polled at those times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.formats import NotAPage, extract
from monitor.intake import Arrival, Intake, IntakeOptions, take_in
from monitor.record.settings import Settings, Source
from monitor.record.store.store import Store
from monitor.record.values import Format, Page
from monitor.saved.files import body_of


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved capture, when it was taken, and what it shows."""

    path: Path
    captured_at: datetime
    format: Format
    subject: str


def in_order(paths: Iterable[Path], given: datetime | None) -> list[Saved]:
    """Saved captures, oldest first: by the time given, else their own stamp, else the file's time.

    NotAPage names the first file that cannot be read, before anything is written.
    """
    saved = [_saved(path, given) for path in paths]
    return sorted(saved, key=lambda one: (one.captured_at, one.path.name))


def _saved(path: Path, given: datetime | None) -> Saved:
    try:
        capture = extract(body_of(path))
    except NotAPage as error:
        raise NotAPage(f"{path}: {error.reason}", error.hint) from error
    taken_at = given or capture.stamp or _modified(path)
    return Saved(path, taken_at, capture.format, capture.subject or "")


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone()


def import_saved(store: Store, settings: Settings, source: Source, saved: Saved, *, now: datetime) -> Intake:
    """Take one saved capture in, notifying nobody: its events are history."""
    page = Page(body_of(saved.path), saved.path.name, saved.captured_at)
    return take_in(store, settings, Arrival(source, page, now, IntakeOptions(silent=True)))
