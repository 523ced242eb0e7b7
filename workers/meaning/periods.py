"""Dates as signals have them (`2024-05`, `FY2026-Q2`): how they are read and what they are called. Pure."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_in_words(moment: datetime | date) -> str:
    """`May 31, 2024`."""
    return f"{_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


@dataclass(frozen=True, slots=True)
class Period:
    """A date as a signal has it: its words, its first and last month, and its day where it has one.

    Months are counted from the year 0: 12 * year + month - 1.
    """

    words: str
    first: int
    last: int
    day: date | None = None


_PERIOD = re.compile(
    r"(?P<fiscal>FY)?(?P<year>[12]\d{3})"
    r"(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d\d))?|-Q(?P<quarter>[1-4])|-(?P<season>[a-z]+))?"
)
_SEASONS = {"winter": 0, "spring": 2, "summer": 5, "fall": 8, "autumn": 8}  # their first month, from 0


def parse_period(text: str) -> Period | None:
    """Read `2024-05-31`, `2024-05`, `2024`, `2024-Q2`, `FY2025`, `FY2026-Q2` or `2025-summer`."""
    match = _PERIOD.fullmatch(text)
    if not match:
        return None
    year, part = int(match["year"]), match["month"] or match["season"]
    if match["fiscal"]:
        return None if part else _fiscal(year, match["quarter"])
    if match["day"]:
        return _day(year, int(match["month"]), int(match["day"]))
    return _part_of(year, match)


def _part_of(year: int, match: re.Match[str]) -> Period | None:
    start = 12 * year
    if match["month"]:
        month = int(match["month"]) - 1
        return _months_of(f"{_MONTHS[month]} {year}", start + month, 1)
    if match["quarter"]:
        return _months_of(f"Q{match['quarter']} {year}", start + 3 * int(match["quarter"]) - 3, 3)
    if season := match["season"]:
        first = _SEASONS.get(season)
        return None if first is None else _months_of(f"{season} {year}", start + first, 3)
    return _months_of(str(year), start, 12)


def _months_of(words: str, first: int, length: int) -> Period:
    return Period(words, first, first + length - 1)


def _day(year: int, month: int, day: int) -> Period | None:
    if not 1 <= day <= monthrange(year, month)[1]:
        return None
    moment = date(year, month, day)
    count = 12 * year + month - 1
    return Period(day_in_words(moment), count, count, moment)


def _fiscal(year: int, quarter: str | None) -> Period:
    """The government's year begins with the October before."""
    start = 12 * year - 3
    if quarter is None:
        return _months_of(f"FY {year}", start, 12)
    return _months_of(f"Q{quarter} FY {year}", start + 3 * int(quarter) - 3, 3)


def last_day_of(text: str) -> date | None:
    """The last day of a date as a signal has it; None where it is none."""
    period = parse_period(text)
    if period is None or period.day:
        return period.day if period else None
    year, month = divmod(period.last, 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])
