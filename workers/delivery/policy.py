"""What becomes of a message after an attempt: read off the attempt's result. Pure.

| the attempt           | the message                                                                   |
|-----------------------|-------------------------------------------------------------------------------|
| arrived               | sent                                                                          |
| asked to wait         | waits that long, a day at most; no step of the schedule is used               |
| refused for good      | dead                                                                          |
| refused, and pausing  | waits with its whole subscription, unaged, until somebody resumes it          |
| failed, or unknown    | the next step of the schedule, with up to a tenth of jitter; after the last: dead |
| a test that failed    | dead: whoever sent it is watching                                             |
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from workers.values import Cause, TransportError

LONGEST_WAIT = timedelta(days=1)
_SHORTEST_WAIT = timedelta(seconds=1)  # "Retry-After: 0" must not become a busy loop
_JITTER = 0.1
_THROTTLED_SHARE = 20  # of the time for which everything was throttled, the least wait
_LONGEST_LEAST = timedelta(minutes=30)
_EXCERPT = 500  # characters of an error kept

Outcome = Literal["sent", "transient", "permanent", "throttled", "unknown"]


@dataclass(frozen=True, slots=True)
class AttemptHistory:
    """What decides about a message when an attempt ended: steps used, why it exists, how it was throttled."""

    failures: int
    cause: Cause
    throttled_for: timedelta = timedelta()  # how long the receiver has throttled everything


@dataclass(frozen=True, slots=True)
class Disposition:
    """What to write. `state` is waiting, sent or dead; `due_at` is None where it does not matter.

    `holds_receiver`: nothing else goes to this receiver before `due_at` either. `pauses`: the
    subscription. `unknown`: the message may have arrived.
    """

    outcome: Outcome
    state: Literal["waiting", "sent", "dead"]
    failures: int
    due_at: datetime | None = None
    error: str | None = None
    unknown: bool = False
    pauses: bool = False
    holds_receiver: bool = False


def decide(
    error: TransportError | None,
    history: AttemptHistory,
    retry: Sequence[timedelta],
    now: datetime,
    spread: float = 0.0,
) -> Disposition:
    """Decide; `error` is None where the message arrived, `spread` between -1 and 1 is the jitter's draw."""
    if error is None:
        return Disposition("sent", "sent", history.failures)
    outcome: Outcome = "permanent" if error.permanent else "unknown" if error.ambiguous else "transient"
    message = error.message[:_EXCERPT].replace("\x00", "")  # which PostgreSQL takes in no text
    seen = Disposition(outcome, "dead", history.failures, None, message, error.ambiguous)
    if history.cause is Cause.TEST or (error.permanent and not error.pauses):
        return seen
    if error.permanent:
        return replace(seen, state="waiting", due_at=now, pauses=True)
    if error.retry_after is not None:
        due_at = now + max(_clamp(error.retry_after), _least_wait(history.throttled_for))
        return replace(seen, outcome="throttled", state="waiting", due_at=due_at, holds_receiver=True)
    return _next_step(seen, retry, now, spread)


def _next_step(seen: Disposition, retry: Sequence[timedelta], now: datetime, spread: float) -> Disposition:
    if seen.failures >= len(retry):
        return seen
    wait = retry[seen.failures] * (1 + _JITTER * max(-1.0, min(1.0, spread)))
    return replace(seen, state="waiting", failures=seen.failures + 1, due_at=now + wait)


def _least_wait(lasted: timedelta) -> timedelta:
    """A receiver that asks for a second each time is asked less often the longer it does."""
    return min(lasted / _THROTTLED_SHARE, _LONGEST_LEAST)


def _clamp(seconds: float) -> timedelta:
    if not seconds < LONGEST_WAIT.total_seconds():  # longer, or no number at all
        return LONGEST_WAIT
    return max(_SHORTEST_WAIT, timedelta(seconds=seconds))
