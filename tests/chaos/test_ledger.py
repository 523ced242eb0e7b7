"""The verdict on a ledger: it sees each kind of defect, and no defect where there is none."""

import pytest

from tests.chaos.ledger import Arrival, Kill, Known, judge
from tests.chaos.script import AGENCIES, CHANNELS, Told, write

TOLD = Told("s", "", 1, 2)
NEXT = Told("s", "", 1, 3)
KILLED = [Kill(1.5, "worker slack", "slack")]
LAPSED = Known({"m1": [9.0]})


def arrival(at: float, name: str = "m1", answer: str = "ok", told: Told | None = TOLD) -> Arrival:
    return Arrival(at, "slack", name, answer, told)


def test_what_never_arrived_is_lost() -> None:
    """Refused attempts are no arrivals, accepted ones are, answered or not."""
    assert judge([arrival(1, answer="500")], {TOLD}, [], Known()).lost == [TOLD]
    for answer in ("ok", "accepts and resets", "accepts and hangs"):
        verdict = judge([arrival(1, answer=answer)], {TOLD}, [], Known())
        assert (verdict.lost, verdict.accepted, verdict.problems([])) == ([], 1, "")


def test_what_nobody_asked_for_is_seen() -> None:
    """A change told to somebody whom it does not concern is a false alarm."""
    stray = arrival(1)
    assert judge([stray], set(), [], Known()).strange == [stray]


def test_one_change_under_two_ids_is_seen() -> None:
    """A repeat has the same id, or the receiver could not tell that it is one."""
    verdict = judge([arrival(1), arrival(2, "m2")], {TOLD}, [], Known())
    assert verdict.other_ids == [(TOLD, ("m1", "m2"))]


@pytest.mark.parametrize(
    ("answer", "kills", "known", "kind"),
    [
        ("accepts and resets", [], Known(), "unknown"),
        ("ok", KILLED, LAPSED, "killed"),
        ("ok", [], Known({"m1": [9.0]}, late={"m1"}), "late"),
        ("ok", [], Known(in_vain={"m1": [5.0]}), "slow"),
        ("ok", [], Known(in_vain={"m2": [5.0]}), "known"),  # another message was waited for
        ("ok", [], LAPSED, "known"),  # nobody was killed
        ("ok", [Kill(1.5, "worker email", "email")], LAPSED, "known"),  # nobody of this channel
        ("ok", [Kill(-9, "worker slack", "slack")], LAPSED, "known"),  # before it was sent
        ("ok", KILLED, Known(), "known"),  # the store had its result: no lease lapsed
    ],
)
def test_why_a_message_came_again(answer: str, kills: list[Kill], known: Known, kind: str) -> None:
    """Only where the outcome of the attempt before was unknown to the sender is a repeat no defect."""
    verdict = judge([arrival(1, answer=answer), arrival(10)], {TOLD}, kills, known)
    assert verdict.repeats == {kind: 1}
    assert bool(verdict.known_repeats) is (kind == "known")
    assert ("SENT AGAIN" in verdict.problems([])) is (kind == "known")


def test_an_attempt_after_a_known_arrival_is_a_defect_though_it_is_refused() -> None:
    """The sender could know, whatever the receiver then says."""
    verdict = judge([arrival(1), arrival(2, answer="500")], {TOLD}, [], Known())
    assert len(verdict.known_repeats) == 1
    assert sum(verdict.repeats.values()) == 0


def test_order_is_that_of_first_arrivals() -> None:
    """A late repeat of an earlier one breaks no order; a first arrival after a later revision does."""
    repeat = [arrival(1, answer="accepts and resets"), arrival(2, "m2", told=NEXT), arrival(3)]
    assert judge(repeat, {TOLD, NEXT}, [], Known()).out_of_order == []
    early, late = arrival(1, "m2", told=NEXT), arrival(2)
    assert judge([early, late], {TOLD, NEXT}, [], Known()).out_of_order == [(early, late)]


def test_a_script_is_the_same_for_the_same_seed_and_about_as_long_as_asked() -> None:
    """Each change has a receiver on each channel, and nothing is expected of the first page."""
    script = write(10_000, 7)
    assert script == write(10_000, 7)
    assert script.page(3) == write(10_000, 7).page(3)
    expected = script.expected()
    for channel in CHANNELS:
        assert 3_000 <= sum(told.subscription.startswith(channel) for told in expected) <= 4_000
    changed = {change for number in range(1, len(script.rounds)) for change in script.changes(number)}
    assert {(told.pier, told.revision) for told in expected} == changed
    assert {pier % len(AGENCIES) for pier, _ in changed} == set(range(len(AGENCIES)))
