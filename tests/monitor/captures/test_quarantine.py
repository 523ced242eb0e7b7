"""What a person can do with captures that were held back."""

from datetime import UTC, datetime

import pytest

from monitor.captures import quarantine
from monitor.captures.quarantine import QuarantineError
from monitor.intake import Arrival, take_in
from monitor.record.settings import Settings, Source
from monitor.record.store.store import Store
from monitor.record.values import Format, Outcome, Page
from tests.fakes import pages
from tests.fakes.pages import rows

NOW = datetime(2030, 4, 1, tzinfo=UTC)
SOURCE = Source(id="export", format=Format.CSV, path="drop/")
SETTINGS = Settings(sources=(SOURCE,))
ALL_NEW = [row.but(narrative=f"{row.text} It is being done, said the Bureau.") for row in rows(30)]


@pytest.fixture
def held(store: Store) -> int:
    """A believed export, then one that is held: all its narratives changed at once."""
    for body in (pages.export(rows(30)), pages.export(ALL_NEW)):
        intake = take_in(store, SETTINGS, Arrival(SOURCE, Page(body, "x.csv", NOW), NOW))
    assert intake.outcome is Outcome.QUARANTINED
    assert intake.capture_id is not None
    return intake.capture_id


def test_a_released_capture_is_taken_in_as_if_it_had_been_believed(store: Store, held: int) -> None:
    """Its events are made, and it is no longer held."""
    intake = quarantine.release(store, SETTINGS, held, now=NOW)
    assert (intake.outcome, intake.updated) == (Outcome.CHANGED, 30)
    assert intake.outbox_id is not None
    assert quarantine.held_captures(store) == []
    assert quarantine.held_capture(store, held).settled == "released"


def test_a_discarded_capture_changes_nothing(store: Store, held: int) -> None:
    """Decided is decided: it can be neither released nor discarded again."""
    quarantine.discard(store, held)
    assert quarantine.held_captures(store) == []
    for again in (
        lambda: quarantine.release(store, SETTINGS, held, now=NOW),
        lambda: quarantine.discard(store, held),
    ):
        with pytest.raises(QuarantineError, match="discarded before"):
            again()


def test_what_no_reader_can_read_cannot_be_released(store: Store) -> None:
    """A person may vouch for a page's contents, not turn it into one; it stays held."""
    intake = take_in(store, SETTINGS, Arrival(SOURCE, Page(b"no page", "x", NOW), NOW))
    assert intake.capture_id is not None
    with pytest.raises(QuarantineError, match="cannot be read"):
        quarantine.release(store, SETTINGS, intake.capture_id, now=NOW)
    assert [one.id for one in quarantine.held_captures(store)] == [intake.capture_id]


def test_unknown_numbers_and_lost_sources_are_named(store: Store, held: int) -> None:
    """What is wrong is said, and what to do."""
    with pytest.raises(QuarantineError, match="no capture 99"):
        quarantine.discard(store, 99)
    with pytest.raises(QuarantineError, match='"export", which is not configured'):
        quarantine.release(store, Settings(), held, now=NOW)
