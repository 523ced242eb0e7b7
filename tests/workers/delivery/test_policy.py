"""What becomes of a message after an attempt."""

from datetime import timedelta

import pytest

from tests.workers.seeding import NOW
from workers.delivery.policy import AttemptHistory, decide
from workers.values import Cause, TransportError

RETRY = (timedelta(seconds=5), timedelta(minutes=1))
FRESH = AttemptHistory(0, Cause.INSTANT)


def test_no_error_is_sent() -> None:
    """No error, no problem."""
    decision = decide(None, FRESH, RETRY, NOW)
    assert (decision.outcome, decision.state, decision.failures) == ("sent", "sent", 0)


def test_each_failure_uses_the_next_step_and_the_last_one_is_final() -> None:
    """Two waits are two more attempts; the third failure is the end."""
    error = TransportError("503")
    first = decide(error, FRESH, RETRY, NOW)
    second = decide(error, AttemptHistory(first.failures, Cause.INSTANT), RETRY, NOW)
    third = decide(error, AttemptHistory(second.failures, Cause.INSTANT), RETRY, NOW)
    assert [first.due_at, second.due_at] == [NOW + RETRY[0], NOW + RETRY[1]]
    assert [each.state for each in (first, second, third)] == ["waiting", "waiting", "dead"]
    assert third.error == "503"


@pytest.mark.parametrize(("spread", "seconds"), [(-1, 4.5), (1, 5.5), (7, 5.5)])
def test_waits_are_jittered_by_a_tenth(spread: float, seconds: float) -> None:
    """Receivers that failed together are not asked together again."""
    decision = decide(TransportError("x"), FRESH, RETRY, NOW, spread)
    assert decision.due_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (30, timedelta(seconds=30)),
        (0, timedelta(seconds=1)),
        (-5, timedelta(seconds=1)),
        (10**9, timedelta(days=1)),
        (float("inf"), timedelta(days=1)),
        (float("nan"), timedelta(days=1)),
    ],
)
def test_throttling_waits_as_asked_and_uses_no_step(asked: float, wait: timedelta) -> None:
    """Retry-After is honoured up to a day, at least a second, at the end of the schedule too."""
    decision = decide(TransportError("429", retry_after=asked), AttemptHistory(2, Cause.INSTANT), RETRY, NOW)
    assert (decision.outcome, decision.state, decision.failures) == ("throttled", "waiting", 2)
    assert decision.due_at == NOW + wait
    assert decision.holds_receiver


def test_a_permanent_refusal_is_the_end() -> None:
    """What trying again cannot help is dead at once."""
    assert decide(TransportError("no such channel", permanent=True), FRESH, RETRY, NOW).state == "dead"


def test_a_refusal_that_pauses_keeps_the_message() -> None:
    """A paused subscription's messages wait, the one that found out included; no step is used."""
    decision = decide(
        TransportError("410", permanent=True, pauses=True), AttemptHistory(1, Cause.DIGEST), RETRY, NOW
    )
    assert (decision.state, decision.failures, decision.pauses) == ("waiting", 1, True)


def test_an_unknown_outcome_is_noted_and_retried() -> None:
    """What may have arrived is sent again by the schedule, and marked as perhaps a repeat."""
    decision = decide(TransportError("reset", ambiguous=True), FRESH, RETRY, NOW)
    assert (decision.outcome, decision.state, decision.unknown) == ("unknown", "waiting", True)
    assert decision.due_at == NOW + RETRY[0]


@pytest.mark.parametrize(
    "error",
    [
        TransportError("500"),
        TransportError("429", retry_after=5),
        TransportError("410", permanent=True, pauses=True),
    ],
)
def test_a_test_is_tried_once_and_pauses_nothing(error: TransportError) -> None:
    """Whoever sent a test is watching: its first failure is the answer."""
    decision = decide(error, AttemptHistory(0, Cause.TEST), RETRY, NOW)
    assert (decision.state, decision.pauses, decision.holds_receiver) == ("dead", False, False)


def test_an_empty_schedule_tries_once() -> None:
    """Without waits, the first failure is the end."""
    assert decide(TransportError("x"), FRESH, (), NOW).state == "dead"


def test_a_long_error_is_cut() -> None:
    """A receiver's page of excuses does not fill the ledger."""
    assert len(decide(TransportError("x" * 10_000), FRESH, RETRY, NOW).error or "") == 500
