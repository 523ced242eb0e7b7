"""What a look means, decided without a store."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.detection import Decision, Earlier, Finding, Look, Reader, Reading, Standing, decide, differs
from monitor.record.folding import VERSION
from monitor.record.values import EventType

NOW = datetime(2030, 4, 1, tzinfo=UTC)
EXPORT, PAGE = Reader("export", "gao-csv"), Reader("page", "gao-product")


def look(words: str, status: str = "open", *, priority: bool = False, text: str = "text") -> Look:
    """A look whose fingerprints are the words themselves."""
    return Look(VERSION + words, status, priority, VERSION + text)


def standing(shown: Look, revision: int = 3, *, present: bool = True, reader: Reader = EXPORT) -> Standing:
    """A recommendation as it stands."""
    return Standing(1, shown, revision, present, NOW, reader)


A, B, C = look("a"), look("b"), look("c")
PAST = [Earlier(1, A), Earlier(2, B), Earlier(3, C)]


def decided(shown: Look, state: Standing, reading: Reading | None, reader: Reader = EXPORT) -> Decision:
    """The decision an hour after the state was observed."""
    return decide(shown, state, reading, PAST, reader=reader, captured_at=NOW + timedelta(hours=1))


def test_what_the_source_showed_before_is_nothing_new() -> None:
    """Whatever others have reported since; and it confirms no later revision."""
    assert decided(A, standing(C), Reading(A, 1)) == Decision(Finding.SAME, 1)


def test_what_stands_is_confirmed() -> None:
    """By a source that shows it for the first time."""
    assert decided(C, standing(C), Reading(A, 1)) == Decision(Finding.SAME, 3)
    assert decided(C, standing(C), None) == Decision(Finding.SAME, 3)


def test_a_revision_newer_than_the_sources_own_is_a_source_catching_up() -> None:
    """The state is not turned back."""
    assert decided(B, standing(C), Reading(A, 1)) == Decision(Finding.LAG, 2)
    assert decided(B, standing(C), None) == Decision(Finding.LAG, 2)


def test_a_revision_older_than_the_sources_own_is_a_change_back() -> None:
    """It has shown the newer one itself."""
    decision = decided(A, standing(C), Reading(C, 3))
    assert decision == Decision(Finding.EVENT, 4, EventType.UPDATED, ("narrative",))


@pytest.mark.parametrize(
    ("old", "new", "type_", "changed"),
    [
        (A, look("x"), EventType.UPDATED, ("narrative",)),
        (A, look("a", priority=True), EventType.UPDATED, ("priority",)),
        (A, look("a", text="other"), EventType.UPDATED, ("text",)),
        (A, look("a", "open-partially-addressed"), EventType.UPDATED, ("status",)),
        (A, look("x", "closed-implemented"), EventType.CLOSED, ("narrative", "status")),
        (look("a", "closed-implemented"), look("x", "closed-implemented"), EventType.UPDATED, ("narrative",)),
        (look("a", "closed-implemented"), A, EventType.REOPENED, ("status",)),
        (A, look("a", "Closed, in a word of its own"), EventType.CLOSED, ("status",)),
    ],
)
def test_an_event_says_what_happened_and_what_changed(
    old: Look, new: Look, type_: EventType, changed: tuple[str, ...]
) -> None:
    """By the status before and after, and field by field."""
    decision = decide(new, standing(old, 1), Reading(old, 1), [], reader=EXPORT, captured_at=NOW)
    assert decision == Decision(Finding.EVENT, 2, type_, changed)


def test_what_had_vanished_and_is_back_is_reopened() -> None:
    """Although it looks as it did, and as this source showed it last."""
    gone = standing(A, 2, present=False)
    assert differs(A, gone, Reading(A, 1, misses=2))
    decision = decide(A, gone, Reading(A, 1, misses=2), PAST[:1], reader=EXPORT, captured_at=NOW)
    assert decision == Decision(Finding.EVENT, 3, EventType.REOPENED, ())


def test_an_old_page_of_another_reader_is_a_late_witness() -> None:
    """Before the state was observed: no event; a minute later it is one; the same reader's always is."""
    fresh, before = look("x"), NOW - timedelta(minutes=1)
    assert decide(fresh, standing(C), None, PAST, reader=PAGE, captured_at=before).finding is Finding.LAG
    assert decide(fresh, standing(C), None, PAST, reader=PAGE, captured_at=NOW).finding is Finding.EVENT
    mine = decide(fresh, standing(C), Reading(C, 3), PAST, reader=EXPORT, captured_at=before)
    assert mine.finding is Finding.EVENT


def test_another_folding_compares_status_and_priority_alone() -> None:
    """Words folded by two rules cannot be compared: a new baseline, silently."""
    old = Look("0a", "open", False, "0text")
    assert decided(B, standing(old), Reading(old, 3)).finding is Finding.REBASE
    decision = decided(look("b", priority=True), standing(old), Reading(old, 3))
    assert (decision.finding, decision.changed) == (Finding.EVENT, ("priority",))
