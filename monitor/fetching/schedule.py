"""When a source is read next. Pure: the present and the dice are arguments."""

from datetime import datetime, timedelta

JITTER = 0.1  # share of the interval, either way: many installations must not ask in step
FIRST_RETRY = timedelta(minutes=5)
_DOUBLINGS = 20  # beyond that every cap is reached


def next_poll(now: datetime, every: timedelta, dice: float) -> datetime:
    """When a source that was read without trouble is due: `every`, give or take a tenth.

    `dice` is between -1 and 1.
    """
    return now + every * (1 + JITTER * dice)


def next_try(now: datetime, failures: int, every: timedelta, *, retry_at: datetime | None = None) -> datetime:
    """When a source that failed `failures` times in a row is tried again.

    5 minutes, doubled each time, at most `every`; never before `retry_at`, which the site asked for.
    """
    doublings = min(max(failures - 1, 0), _DOUBLINGS)
    wait = min(FIRST_RETRY * (1 << doublings), every)
    return max(now + wait, retry_at) if retry_at else now + wait


def due_at(
    next_poll_at: datetime | None, last_polled_at: datetime | None, every: timedelta, now: datetime
) -> datetime:
    """When a source is due, by what the store says and by the interval as it is configured now.

    A shortened `every` counts at once, and a store written under a clock that ran ahead does not
    silence a source. What a site asked for in Retry-After is in the host's row.
    """
    if next_poll_at is None or last_polled_at is None or last_polled_at > now:
        return now
    return min(next_poll_at, last_polled_at + every * (1 + JITTER))
