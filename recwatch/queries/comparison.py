"""Compares two captures through the ordinary intake, in a temporary store."""

from dataclasses import replace
from datetime import timedelta

from monitor.formats import extract
from monitor.intake import Arrival, Intake, IntakeOptions, take_in
from monitor.record.settings import Gate, Settings, Source
from monitor.record.store.queries import load_events
from monitor.record.store.store import Store
from monitor.record.values import Format, Outcome, Page
from recwatch.errors import Failure
from recwatch.queries.scratch import scratch
from workers.messages.describe import described_events
from workers.values import DescribedEvent

_SOURCE = "diff"


def compare(old: Page, new: Page, format: Format | None) -> list[DescribedEvent]:
    """What changed from one capture to the other, each with its difference and meaning.

    NotAPage where one of them cannot be read.
    """
    first, second = _dated(old, format), _dated(new, format)
    if second.captured_at <= first.captured_at:
        second = replace(second, captured_at=first.captured_at + timedelta(seconds=1))
    # No look-up of what became of one that is gone; one capture without it is enough.
    source = Source(id=_SOURCE, format=format or Format.CSV, path="-", confirm_closures=False)
    settings = Settings(gate=Gate(vanish_confirmations=1))
    with scratch() as store:
        _take(store, settings, source, first, format)
        taken = _take(store, settings, source, second, format)
        with store.read() as connection:
            return list(described_events(connection, load_events(connection, ids=taken.events)))


def _dated(page: Page, format: Format | None) -> Page:
    """The page, captured at its own stamp where it has one."""
    capture = extract(page.body, format=format, content_type=page.content_type, url=page.origin)
    return replace(page, captured_at=capture.stamp) if capture.stamp else page


def _take(store: Store, settings: Settings, source: Source, page: Page, format: Format | None) -> Intake:
    options = IntakeOptions(format=format, released=True)
    taken = take_in(store, settings, Arrival(source, page, page.captured_at, options))
    if taken.outcome is Outcome.QUARANTINED:
        raise Failure(f"{page.origin}: {taken.message}")
    return taken
