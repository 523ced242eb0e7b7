"""What a row means, decided without a store."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.intake.decide.detection import (
    ComparedFields,
    Decision,
    Earlier,
    FieldChange,
    KnownRecommendation,
    Reader,
    Reading,
    decide,
    differs,
)
from monitor.record import folding
from monitor.record.folding import VERSION
from monitor.record.values import EventType, Kind, Recommendation

NOW = datetime(2030, 4, 1, tzinfo=UTC)
EXPORT, PAGE = Reader("export", "gao-csv"), Reader("page", "gao-product")


def fields(words: str, status: str = "open", *, priority: bool = False, text: str = "text") -> ComparedFields:
    """Fields whose fingerprints are the words themselves."""
    return ComparedFields(VERSION + words, status, priority, VERSION + text)


def known(
    shown: ComparedFields, revision: int = 3, *, present: bool = True, reader: Reader = EXPORT
) -> KnownRecommendation:
    """A recommendation as it stands."""
    return KnownRecommendation(1, shown, revision, present, NOW, reader)


A, B, C = fields("a"), fields("b"), fields("c")
PAST = [Earlier(1, A), Earlier(2, B), Earlier(3, C)]


def decided(
    shown: ComparedFields, state: KnownRecommendation, reading: Reading | None, reader: Reader = EXPORT
) -> Decision:
    """The decision an hour after the state was observed. Looks and readers are compared by what they say."""
    after = NOW + timedelta(hours=1)
    return decide(ComparedFields(*shown), state, reading, PAST, reader=Reader(*reader), captured_at=after)


def test_four_fields_are_compared() -> None:
    """Narrative and text by their fingerprints, status and priority as they are."""
    row = Recommendation("k", None, Kind.MATTER, "1", "A", "T", "Act.", "open", True, "N", None, "1f")
    assert ComparedFields.of(row) == ComparedFields("1f", "open", True, folding.text_fingerprint("Act."))


def test_a_source_that_showed_it_last_time_has_missed_nothing() -> None:
    """Only a capture without the recommendation counts as one."""
    assert Reading(A, 1).misses == 0


def test_what_differs_from_the_state_and_the_sources_own_reading_may_be_an_event() -> None:
    """What equals one of them is not, unless the source or all of them had lost it since."""
    same = ComparedFields(*C)
    assert not differs(same, known(C), Reading(A, 1))
    assert not differs(same, known(B), Reading(C, 3))
    assert differs(same, known(B), Reading(A, 1))
    assert differs(same, known(B), None)
    assert differs(same, known(B), Reading(C, 3, misses=1))


def test_what_the_source_showed_before_is_nothing_new() -> None:
    """Whatever others have reported since; and it confirms no later revision."""
    assert decided(A, known(C), Reading(A, 1)) == Decision(FieldChange.SAME, 1)
    assert decided(A, known(A), Reading(A, 1)) == Decision(FieldChange.SAME, 1)


def test_what_stands_is_confirmed() -> None:
    """By a source that shows it for the first time."""
    assert decided(C, known(C), Reading(A, 1)) == Decision(FieldChange.SAME, 3)
    assert decided(A, known(A, 4), Reading(C, 3)) == Decision(FieldChange.SAME, 4)
    decision = decided(C, known(C), None)
    assert (decision.finding, decision.confirmed, decision.type, decision.changed) == (
        FieldChange.SAME,
        3,
        None,
        (),
    )


def test_a_revision_newer_than_the_sources_own_is_a_source_catching_up() -> None:
    """The state is not turned back."""
    assert decided(B, known(C), Reading(A, 1)) == Decision(FieldChange.LAG, 2)
    assert decided(B, known(C), None) == Decision(FieldChange.LAG, 2)
    assert decided(A, known(C), None) == Decision(FieldChange.LAG, 1)
    back_and_forth = [Earlier(1, C), Earlier(2, B), Earlier(3, A), Earlier(4, B), Earlier(5, C)]
    state = known(C, 5)
    decision = decide(B, state, Reading(C, 1), back_and_forth, reader=EXPORT, captured_at=NOW)
    assert decision == Decision(FieldChange.LAG, 4)


def test_a_later_row_is_no_earlier_revision() -> None:
    """Whichever of the two sorts first."""
    for shown in (fields("0"), fields("x")):
        assert decided(shown, known(C), Reading(A, 1)).finding is FieldChange.EVENT


def test_a_revision_older_than_the_sources_own_is_a_change_back() -> None:
    """It has shown the newer one itself."""
    decision = decided(A, known(C), Reading(C, 3))
    assert decision == Decision(FieldChange.EVENT, 4, EventType.UPDATED, ("narrative",))


@pytest.mark.parametrize(
    ("old", "new", "type_", "changed"),
    [
        (A, fields("x"), EventType.UPDATED, ("narrative",)),
        (A, fields("a", priority=True), EventType.UPDATED, ("priority",)),
        (A, fields("a", text="other"), EventType.UPDATED, ("text",)),
        (A, fields("a", "open-partially-addressed"), EventType.UPDATED, ("status",)),
        (A, fields("x", "closed-implemented"), EventType.CLOSED, ("narrative", "status")),
        (
            fields("a", "closed-implemented"),
            fields("x", "closed-implemented"),
            EventType.UPDATED,
            ("narrative",),
        ),
        (fields("a", "closed-implemented"), A, EventType.REOPENED, ("status",)),
        (A, fields("a", "Closed, in a word of its own"), EventType.CLOSED, ("status",)),
    ],
)
def test_an_event_says_what_happened_and_what_changed(
    old: ComparedFields, new: ComparedFields, type_: EventType, changed: tuple[str, ...]
) -> None:
    """By the status before and after, and field by field."""
    decision = decide(new, known(old, 1), Reading(old, 1), [], reader=EXPORT, captured_at=NOW)
    assert decision == Decision(FieldChange.EVENT, 2, type_, changed)


def test_what_had_vanished_and_is_back_is_reopened() -> None:
    """Although it looks as it did, and as this source showed it last."""
    gone = known(A, 2, present=False)
    assert differs(A, gone, Reading(A, 1, misses=2))
    own = [Earlier(1, B), Earlier(2, A)]
    decision = decide(A, gone, Reading(A, 1, misses=2), own, reader=EXPORT, captured_at=NOW)
    assert decision == Decision(FieldChange.EVENT, 3, EventType.REOPENED, ())


def test_an_old_page_of_another_reader_is_a_late_witness() -> None:
    """Before the state was observed: no event; a minute later it is one; the same reader's always is."""
    fresh, before, after = fields("x"), NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)
    for mine, other in ((EXPORT, PAGE), (PAGE, EXPORT)):
        state = known(C, reader=mine)
        late = decide(fresh, state, Reading(B, 2), PAST, reader=other, captured_at=before)
        assert late == Decision(FieldChange.LAG, 2)
        for then in (NOW, after):
            assert (
                decide(fresh, state, None, PAST, reader=other, captured_at=then).finding is FieldChange.EVENT
            )
        own = decide(fresh, state, Reading(C, 3), PAST, reader=Reader(*mine), captured_at=before)
        assert own.finding is FieldChange.EVENT


def test_what_had_left_and_is_back_as_it_was_is_no_lag() -> None:
    """Another source reported meanwhile that it was closed: the source that lost it shows it open again."""
    closed = fields("b", "closed-implemented")
    past = [Earlier(1, A), Earlier(2, closed)]
    state = known(closed, 2, reader=PAGE)
    decision = decide(A, state, Reading(A, 1, misses=1), past, reader=EXPORT, captured_at=NOW)
    assert decision == Decision(FieldChange.EVENT, 3, EventType.REOPENED, ("narrative", "status"))


def test_another_folding_compares_status_and_priority_alone() -> None:
    """Words folded by two rules cannot be compared: a new baseline, silently."""
    old = ComparedFields("0a", "open", False, "0text")
    assert decided(B, known(old, 4), Reading(old, 3)) == Decision(FieldChange.REBASE, 4)
    raised = decided(fields("b", priority=True), known(old, 4), Reading(old, 3))
    assert raised == Decision(FieldChange.EVENT, 5, EventType.UPDATED, ("priority",))
    lowered = decided(B, known(old._replace(priority=True), 4), Reading(old, 3))
    assert lowered == Decision(FieldChange.EVENT, 5, EventType.UPDATED, ("priority",))
    closed = decided(fields("b", "closed-implemented"), known(old, 4), Reading(old, 3))
    assert closed == Decision(FieldChange.EVENT, 5, EventType.CLOSED, ("status",))
    back = decided(B, known(old, 5, present=False), Reading(old, 3))
    assert back == Decision(FieldChange.EVENT, 6, EventType.REOPENED, ())
