"""When a source is read next."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.fetching.schedule import due_at, next_poll, next_try

NOW = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
HALF_DAY = timedelta(hours=12)


@pytest.mark.parametrize(("dice", "hours"), [(-1, 10.8), (0, 12), (1, 13.2)])
def test_the_next_poll_is_every_give_or_take_a_tenth(dice: float, hours: float) -> None:
    """Many installations must not ask in step."""
    assert next_poll(NOW, HALF_DAY, dice) == NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (7, 320), (9, 720), (10**6, 720)]
)
def test_back_off_doubles_from_five_minutes_up_to_every(failures: int, minutes: int) -> None:
    """However often it failed, a source is tried as often as its owner asked for."""
    assert next_try(NOW, failures, HALF_DAY) == NOW + timedelta(minutes=minutes)


def test_a_short_every_is_kept_in_trouble_too() -> None:
    """Five minutes are no floor for whoever polls each second."""
    assert next_try(NOW, 1, timedelta(seconds=1)) == NOW + timedelta(seconds=1)


def test_nothing_is_tried_before_the_time_that_the_site_asked_for() -> None:
    """Retry-After outlasts our own back-off, and does not shorten it."""
    assert next_try(NOW, 1, HALF_DAY, retry_at=NOW + timedelta(hours=20)) == NOW + timedelta(hours=20)
    assert next_try(NOW, 1, HALF_DAY, retry_at=NOW + timedelta(seconds=1)) == NOW + timedelta(minutes=5)


def test_a_source_never_read_is_due() -> None:
    """The first reading waits for nothing."""
    assert due_at(None, None, HALF_DAY, NOW) == NOW


def test_a_shortened_interval_counts_at_once() -> None:
    """What the store says was computed with an interval that the owner has changed."""
    due = due_at(NOW + timedelta(hours=11), NOW - timedelta(hours=1), timedelta(minutes=1), NOW)
    assert due < NOW


def test_a_clock_that_ran_ahead_does_not_silence_a_source() -> None:
    """A reading in the future is no reason to wait for it."""
    ahead = NOW + timedelta(days=400)
    assert due_at(ahead + HALF_DAY, ahead, HALF_DAY, NOW) == NOW
