"""When operators hear about a source."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from monitor import incidents
from monitor.incidents import SourceOutcome
from monitor.record.settings import Source
from monitor.record.store.schema import captures, notices, sources
from monitor.record.store.store import Store
from monitor.record.values import Notice, NoticeType, Outcome

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
SITE = Source(id="piers", format="gao-csv", url="https://piers.example/export", path="drop/")  # type: ignore[arg-type]


class Watcher:
    """A source that is read each hour, and what operators hear of it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOON

    def read(self, outcome: str, *, saved_copy: bool = False) -> list[str]:
        self.now += timedelta(hours=1)
        with self.store.write() as connection:
            ended = SourceOutcome("piers", Outcome(outcome), f"it is {outcome}", self.now, saved_copy)
            return kinds(incidents.record(connection, ended))

    def each(self, *outcomes: str) -> list[list[str]]:
        return [self.read(outcome) for outcome in outcomes]

    def set(self, **values: Any) -> None:
        with self.store.write() as connection:
            connection.execute(update(sources).values(**values))

    def row(self) -> Any:
        with self.store.read() as connection:
            return connection.execute(select(sources)).one()

    def stale(self, after: timedelta, *, polled: bool = True) -> list[str]:
        self.now += after
        if polled:
            self.set(last_polled_at=self.now)
        with self.store.write() as connection:
            return kinds(incidents.check_stale(connection, SITE, self.now))

    def remind(self, after: timedelta) -> list[str]:
        self.now += after
        with self.store.write() as connection:
            return kinds(incidents.remind_held(connection, "piers", self.now))

    def lookup(self, outcome: str) -> list[str]:
        with self.store.write() as connection:
            return kinds(
                incidents.record_lookup(connection, SourceOutcome("piers", outcome, "it is so", self.now))
            )

    def hold(self) -> None:
        row = {
            "source_id": "piers",
            "origin": "a",
            "captured_at": self.now,
            "recorded_at": self.now,
            "sha256": "0",
            "headers": {},
            "outcome": "quarantined",
            "reason": "half of it is gone",
            "held": True,
        }
        with self.store.write() as connection:
            connection.execute(insert(captures).values(row))


def kinds(told: tuple[Notice, ...]) -> list[str]:
    return [notice.type.removeprefix("source.") for notice in told]


@pytest.fixture
def watcher(any_store: Store) -> Watcher:
    return Watcher(any_store)


@pytest.mark.parametrize(
    ("outcome", "kind"), [("failing", "failing"), ("blocked", "blocked"), ("disallowed", "failing")]
)
def test_trouble_is_told_at_the_second_failure_in_a_row(watcher: Watcher, outcome: str, kind: str) -> None:
    """Once an incident: neither at the first, nor at the third."""
    assert watcher.each(outcome, outcome, outcome, outcome) == [[], [kind], [], []]


def test_one_failure_between_good_readings_is_no_incident(watcher: Watcher) -> None:
    """Nobody hears of it, nor that it is over."""
    assert watcher.each("unchanged", "failing", "changed", "failing", "unchanged") == [[]] * 5


def test_an_incident_that_changes_its_kind_is_told_once(watcher: Watcher) -> None:
    """First it could not be reached, then it refused: one trouble."""
    assert watcher.each("failing", "blocked", "failing", "disallowed") == [[], ["blocked"], [], []]


@pytest.mark.parametrize("outcome", ["baseline", "unchanged", "changed"])
def test_recovery_is_told_once_to_those_who_heard_of_the_trouble(watcher: Watcher, outcome: str) -> None:
    """And the next incident is told anew."""
    assert watcher.each("failing", "failing", outcome, outcome) == [[], ["failing"], ["recovered"], []]
    assert watcher.each("failing", "failing") == [[], ["failing"]]


def test_a_capture_held_back_is_told_at_once(watcher: Watcher) -> None:
    """It waits for somebody's decision; a second one in the same incident is not told again."""
    assert watcher.each("quarantined", "quarantined", "unchanged") == [["quarantined"], [], ["recovered"]]


def test_a_capture_held_back_is_told_though_the_site_was_in_trouble_already(watcher: Watcher) -> None:
    """It is another matter than the refusals before it."""
    assert watcher.each("blocked", "blocked", "quarantined") == [[], ["blocked"], ["quarantined"]]


def test_operators_are_reminded_daily_while_anything_is_held(watcher: Watcher) -> None:
    """Also when the source has been well since, and no longer than something is held."""
    watcher.hold()
    watcher.each("quarantined", "unchanged")
    day = timedelta(days=1)
    assert watcher.remind(timedelta(hours=22)) == []
    assert watcher.remind(timedelta(hours=2)) == ["quarantined"]
    assert watcher.remind(timedelta(hours=23)) == []
    assert watcher.remind(timedelta(hours=2)) == ["quarantined"]
    with watcher.store.write() as connection:
        connection.execute(update(captures).values(held=False))
    assert watcher.remind(day * 2) == []


def test_a_notice_says_since_when_and_is_kept_unpublished(watcher: Watcher) -> None:
    """The dispatcher finds it in the store, whatever becomes of this process."""
    watcher.each("failing", "failing")
    with watcher.store.read() as connection:
        row = connection.execute(select(notices)).one()
    assert (row.type, row.concerns, row.outcome) == ("source.failing", "piers", "failing")
    assert (row.since, row.at) == (NOON + timedelta(hours=1), NOON + timedelta(hours=2))
    assert (row.message, row.published_at) == ("it is failing", None)
    assert row.id.startswith("evt_")


def test_the_row_says_how_the_last_reading_ended(watcher: Watcher) -> None:
    """For `status`: outcome, message, failures in a row."""
    watcher.each("failing", "blocked")
    row = watcher.row()
    assert (row.outcome, row.message, row.failures) == ("blocked", "it is blocked", 2)
    watcher.read("changed")
    row = watcher.row()
    assert (row.outcome, row.failures, row.troubled_since, row.told) == ("changed", 0, None, None)


def test_a_file_saved_by_hand_does_not_end_the_incident_of_a_site(watcher: Watcher) -> None:
    """Each weekly file would else be followed by the same trouble told again."""
    watcher.each("blocked", "blocked")
    assert watcher.read("changed", saved_copy=True) == []
    assert watcher.each("blocked", "blocked") == [[], []]
    assert watcher.read("unchanged") == ["recovered"]


def test_a_bad_file_is_no_failure_of_the_site(watcher: Watcher) -> None:
    """But one that is held back is told as ever, and a good one ends that."""
    assert watcher.read("failing", saved_copy=True) == []
    assert watcher.read("failing") == []
    assert watcher.read("unchanged") == []
    assert watcher.read("quarantined", saved_copy=True) == ["quarantined"]
    assert watcher.read("changed", saved_copy=True) == ["recovered"]


def test_a_source_that_went_silent_is_told_once_and_when_it_speaks_again(watcher: Watcher) -> None:
    """Three days with an address, counted from the last capture's own time."""
    watcher.read("changed")
    watcher.set(last_captured_at=watcher.now)
    assert watcher.stale(timedelta(0)) == []
    assert watcher.stale(timedelta(days=3)) == []
    assert watcher.stale(timedelta(seconds=1)) == ["stale"]
    assert watcher.stale(timedelta(days=9)) == []
    watcher.set(last_captured_at=watcher.now)
    assert watcher.stale(timedelta(hours=1)) == ["recovered"]
    assert watcher.stale(timedelta(hours=1)) == []


def test_a_source_that_never_spoke_goes_silent_too(watcher: Watcher) -> None:
    """Its patience counts from the first look."""
    assert watcher.stale(timedelta(0)) == []
    assert watcher.stale(timedelta(days=3, seconds=1)) == ["stale"]


def test_silence_counts_only_while_somebody_listens(watcher: Watcher) -> None:
    """After a machine's holidays the source is read first; an old import is no silence either."""
    watcher.read("changed")
    watcher.set(last_captured_at=watcher.now - timedelta(days=900))
    assert watcher.stale(timedelta(0)) == []
    assert watcher.stale(timedelta(days=9), polled=False) == []
    watcher.set(last_captured_at=watcher.now)
    assert watcher.stale(timedelta(0)) == []


def test_one_recovery_ends_trouble_and_silence(watcher: Watcher) -> None:
    """Whoever heard of both need not hear twice that it is well."""
    watcher.each("blocked", "blocked")
    assert watcher.stale(timedelta(0)) == []
    assert watcher.stale(timedelta(days=4)) == ["stale"]
    assert watcher.read("changed") == ["recovered"]
    watcher.set(last_captured_at=watcher.now)
    assert watcher.stale(timedelta(0)) == []


def test_three_stale_copies_in_a_row_are_a_failure(watcher: Watcher) -> None:
    """One old copy out of a cache is nothing; a cache that is stuck hides what changes."""
    outcomes = []
    for _ in range(3):
        with watcher.store.write() as connection:
            outcome, _told = incidents.record_stale_copy(connection, "piers", "an old copy", watcher.now)
        outcomes.append(outcome)
    assert outcomes == ["unchanged", "unchanged", "failing"]
    watcher.read("unchanged")
    assert watcher.row().stale_copies == 0


def test_look_ups_are_an_incident_of_their_own(watcher: Watcher) -> None:
    """The export is read well in between, which must not hide that no report's page can be."""
    assert watcher.lookup("blocked") == []
    watcher.read("changed")
    assert watcher.lookup("blocked") == ["blocked"]
    assert watcher.lookup("failing") == []
    watcher.read("unchanged")
    assert watcher.lookup("unchanged") == ["recovered"]
    assert watcher.lookup("unchanged") == []


def test_every_kind_of_notice_is_the_contracts() -> None:
    """source.failing, source.blocked, source.quarantined, source.stale, source.recovered."""
    assert {kind for kind in NoticeType if kind.startswith("source.")} == {
        f"source.{word}" for word in ("failing", "blocked", "quarantined", "stale", "recovered")
    }
