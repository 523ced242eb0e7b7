"""Signals of several events of one recommendation, told as one story."""

import pytest

from workers.meaning.merging import merge_signals
from workers.values import Signal

SET = Signal("deadline_set", "by June 2027", None, "2027-06")
MOVED = Signal("deadline_moved", "by January 2028", "2027-06", "2028-01", 1)
AGAIN = Signal("deadline_moved", "by May 2029", "2028-01", "2029-05", 2)
BACK = Signal("deadline_moved", "by June 2027 after all", "2028-01", "2027-06", 1)
FIRST = Signal("first_response", "DHS agreed.")
NAMED = Signal("date_named", "June 2027", None, "2027-06")
CLOSED = Signal("closed", "", "open", "closed-implemented")
REOPENED = Signal("reopened", "", "closed-implemented", "open")
PARTLY = Signal("reopened", "", "closed-implemented", "open-partially-addressed")
PRIORITY, CLEARED = Signal("priority_set"), Signal("priority_cleared")
AGREES = Signal("agency_position", "", None, "concurred")
REFUSES = Signal("agency_position", "", "concurred", "did not concur")

Short = tuple[str, str | None, str | None]


def short(signals: tuple[Signal, ...]) -> list[Short]:
    return [(one.kind, one.old, one.new) for one in signals]


@pytest.mark.parametrize(
    ("signals", "merged"),
    [
        ([FIRST, SET, MOVED], [("first_response", None, None), ("deadline_set", None, "2028-01")]),
        ([MOVED, AGAIN], [("deadline_moved", "2027-06", "2029-05")]),
        ([MOVED, BACK], []),
        ([SET, MOVED, AGAIN], [("deadline_set", None, "2029-05")]),
        ([NAMED, SET], [("deadline_set", None, "2027-06")]),
        ([NAMED, SET, MOVED], [("deadline_set", None, "2028-01")]),
        ([NAMED, NAMED], [("date_named", None, "2027-06")]),
        ([SET, SET], [("deadline_set", None, "2027-06")]),
        ([CLOSED, REOPENED], []),
        ([CLOSED, PARTLY], [("status_moved", "open", "open-partially-addressed")]),
        ([REOPENED, CLOSED], []),
        ([PRIORITY, CLEARED], []),
        ([CLEARED, PRIORITY], []),
        ([AGREES, REFUSES], [("agency_position", None, "did not concur")]),
    ],
)
def test_a_story_does_not_contradict_itself(signals: list[Signal], merged: list[Short]) -> None:
    """A later signal goes on from an earlier one, or takes it back; both are never told beside each other."""
    assert short(merge_signals(signals)) == merged


def test_a_story_quotes_the_last_words() -> None:
    """A moved deadline is quoted where it stands now, and counts all its slips."""
    assert merge_signals([MOVED, AGAIN]) == (
        Signal("deadline_moved", "by May 2029", "2027-06", "2029-05", 2),
    )
    assert merge_signals([SET, MOVED]) == (Signal("deadline_set", "by January 2028", None, "2028-01"),)


def test_what_is_apart_stays_apart() -> None:
    """Two deadlines of one step are two, and so are two actions."""
    other = Signal("deadline_set", "by May 2026", None, "2026-05")
    acted = [Signal("action_reported", "It issued one."), Signal("action_reported", "It issued two.")]
    assert merge_signals([SET, other, *acted]) == (SET, other, *acted)
