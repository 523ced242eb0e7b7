"""When digests are due, over summer time, short months and far zones."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.record.settings import Schedule
from workers.schedule.digest_times import next_slot, slot_at_or_before

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "before", "after"),
    [
        ("daily 08:00", "2026-01-10 12:59", "2026-01-09 13:00", "2026-01-10 13:00"),
        ("daily 08:00", "2026-01-10 13:00", "2026-01-10 13:00", "2026-01-11 13:00"),
        ("weekly mon 08:00", "2026-03-09 11:59", "2026-03-02 13:00", "2026-03-09 12:00"),  # summer time came
        ("weekly sun 08:00", "2026-11-01 13:30", "2026-11-01 13:00", "2026-11-08 13:00"),
        ("monthly 31 08:00", "2026-03-01 00:00", "2026-02-28 13:00", "2026-03-31 12:00"),
        ("monthly 1 00:00", "2026-06-15 00:00", "2026-06-01 04:00", "2026-07-01 04:00"),
        ("daily 02:30", "2026-03-08 07:30", "2026-03-08 07:00", "2026-03-09 06:30"),  # 02:30 was skipped
        ("daily 02:30", "2026-03-08 06:59", "2026-03-07 07:30", "2026-03-08 07:00"),
        ("daily 01:30", "2026-11-01 05:45", "2026-11-01 05:30", "2026-11-02 06:30"),  # 01:30 came twice
        ("daily 01:30", "2026-11-01 06:45", "2026-11-01 05:30", "2026-11-02 06:30"),
    ],
)
def test_slots_are_local_times(schedule: str, now: str, before: str, after: str) -> None:
    """A skipped time is the first instant after the gap, a repeated one its first; each day has one slot."""
    parsed = Schedule.parse(schedule)
    assert slot_at_or_before(parsed, NEW_YORK, at(now)) == at(before)
    assert next_slot(parsed, NEW_YORK, at(now)) == at(after)


ZONES = [
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
]
SCHEDULES = ["daily 02:15", "weekly wed 00:00", "monthly 30 23:59", "monthly 1 03:00"]


def _minute(number: int) -> datetime:
    return at("2005-01-01 00:00") + timedelta(minutes=number)


@given(
    st.integers(0, 30 * 365 * 24 * 60).map(_minute),
    st.sampled_from(SCHEDULES),
    st.sampled_from(ZONES),
)
def test_slots_follow_each_other_without_gaps(now: datetime, schedule: str, zone: str) -> None:
    """The slot after the last one is the next one, everywhere and always."""
    parsed, place = Schedule.parse(schedule), ZoneInfo(zone)
    before, after = slot_at_or_before(parsed, place, now), next_slot(parsed, place, now)
    assert before <= now < after
    assert next_slot(parsed, place, before) == after
    assert slot_at_or_before(parsed, place, after - timedelta(seconds=1)) == before
