"""Backfills history from saved captures, oldest first, as if they had been polled at those times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.formats import NotAPage, extract
from monitor.formats.phones import blank_phones
from monitor.intake import Intake, take_in
from monitor.record.settings import Settings, Source
from monitor.record.store import Store
from monitor.record.values import Page


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved capture, and when it was taken."""

    path: Path
    captured_at: datetime


def in_order(paths: Iterable[Path], given: datetime | None) -> list[Saved]:
    """Saved captures, oldest first: by the time given, else their own stamp, else the file's time.

    NotAPage names the first file that cannot be read, before anything is written.
    """
    saved = [Saved(path, given or _stamp(path) or _modified(path)) for path in paths]
    return sorted(saved, key=lambda one: (one.captured_at, one.path.name))


def _stamp(path: Path) -> datetime | None:
    try:
        return extract(blank_phones(path.read_bytes())).stamp
    except NotAPage as error:
        raise NotAPage(f"{path}: {error.reason}", error.hint) from error


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime).astimezone()


def import_saved(store: Store, settings: Settings, source: Source, saved: Saved, *, now: datetime) -> Intake:
    """Take one saved capture in, telling nobody: its events are history."""
    page = Page(saved.path.read_bytes(), saved.path.name, saved.captured_at)
    return take_in(store, settings, source, page, now=now, silent=True)
