"""When a digest is due: pure arithmetic on a schedule, a time zone and the clock.

A local time that the change to summer time skips is taken at the first instant after the gap; one that
the change back repeats, at its first. A day that a month lacks is the month's last.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.record.settings import Schedule

_DAY = timedelta(days=1)
_LONGEST = 33  # days between two slots, and one to spare on each side


def slot_at_or_before(schedule: Schedule, zone: ZoneInfo, now: datetime) -> datetime:
    """The newest slot that is not after `now` (aware); in UTC."""
    today = now.astimezone(zone).date()
    days = (today + _DAY - _DAY * back for back in range(_LONGEST + 2))
    return next(slot for slot in _slots(schedule, zone, days) if slot <= now)


def next_slot(schedule: Schedule, zone: ZoneInfo, now: datetime) -> datetime:
    """The first slot after `now` (aware); in UTC."""
    today = now.astimezone(zone).date()
    days = (today - _DAY + _DAY * ahead for ahead in range(_LONGEST + 2))
    return next(slot for slot in _slots(schedule, zone, days) if slot > now)


def _slots(schedule: Schedule, zone: ZoneInfo, days: Iterator[date]) -> Iterator[datetime]:
    at = time(schedule.hour, schedule.minute)
    return (_instant(datetime.combine(day, at), zone) for day in days if _falls_on(schedule, day))


def _falls_on(schedule: Schedule, day: date) -> bool:
    if schedule.weekday is not None:
        return day.weekday() == schedule.weekday
    if schedule.day is not None:
        return day.day == min(schedule.day, monthrange(day.year, day.month)[1])
    return True


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time; where it is skipped, the first one after the gap."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """PEP 495: in a gap, fold=1 gives an instant before the change and fold=0 one after it; halve between."""
    before = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
