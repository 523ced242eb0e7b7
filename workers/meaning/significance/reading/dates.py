"""Dates as narratives write them, found and brought into the contract's forms.

Forms: `2024-05-31`, `2024-05`, `2024`, `2024-Q2`, `FY2025`, `FY2026-Q2`, `2025-summer`. Words that only
shade a period ("late 2024", "the end of fiscal year 2025") move its first or last day, not its form.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from workers.meaning.significance.reading.prefilters import has_any, lowered

_MONTH_NAMES = (
    "january jan", "february febuary feb",
    "march mar", "april apr", "may", "june jun", "july jul", "august aug",
    "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "last": 4,
}
# Last days that no month ends on, so that a season never passes for a month said otherwise.
_SEASONS = {"spring": (3, 6, 19), "summer": (6, 9, 21), "fall": (9, 12, 20), "winter": (1, 12, 30)}


def _by_letter(names: Iterable[str]) -> str:
    """A pattern for names that looks at their rest only where the first letter is right."""
    rests: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        rests.setdefault(name[0], []).append(name[1:])
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in rests.items())


_MONTH = rf"(?:{_by_letter(_MONTHS)})\b\.?"
_YEAR = r"(?:19|20)\d\d"
_SHORT_YEAR = rf"(?:{_YEAR}|['’]?\d\d)(?!\d)"
_FISCAL = r"(?:fiscal\syears?\s?|FY[\s-]?)"
_CALENDAR = r"(?:calendar\syears?\s?|CY\s?)"
_QUARTER = (
    r"(?:(?P<{0}>first|second|third|fourth|last|1st|2nd|3rd|4th)"
    r"(?:\s|-)(?:fiscal\s)?quarter|Q(?P<{0}q>[1-4]))"
)
_SHADE = re.compile(
    r"(?:(?P<end>\bend(?:ing)? of|\bclose of|\bconclusion of)|(?P<early>\bearly(?: in)?|\bbeginning of|"
    r"\bstart of)"
    r"|(?P<mid>\bmid(?:dle of)?)|(?P<late>\blate(?:r)?(?: in)?|\blatter part of))[\s-]*"
    r"(?:the\s)?(?:month of\s)?$",
    re.IGNORECASE,
)
_SHADES = ("end", "close", "conclusion", "early", "beginning", "start", "mid", "lat")
# One look at a word's beginning spares trying all the forms at every word.
_BEGINS = (
    r"(?:\d|[jfmasond][aepuco][nbrylgptvc]|fir|sec|thi|fou|las|lat|Q[1-4]|fis|FY|spr|sum|fal|aut|win|cal|CY)"
)
_DATE = re.compile(
    rf"""\b(?=[\djfmasondtlqcw])(?={_BEGINS})(?:
      (?P<month>{_MONTH})(?:
          \s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?:of\s)?(?P<year>{_YEAR})
        | ,?\s(?:of\s)?(?P<year3>{_YEAR})
        | \sof\s(?:that|this|the\ssame)\s(?P<year12>year))
    | (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<month2>{_MONTH}),?\s(?P<year2>{_YEAR})
    | (?P<year4>{_YEAR})-(?P<month4>\d\d)-(?P<day4>\d\d)(?!\d)
    | (?P<month5>\d{{1,2}})/(?P<day5>\d{{1,2}})/(?P<year5>{_YEAR}|\d\d)(?![\d/])
    | (?P<month6>0?[1-9]|1[0-2])/(?P<year14>{_YEAR})(?![\d/])
    | {_QUARTER.format("quarter")}\s?,?\s?(?:of\s|in\s)?(?:the\s)?
        (?:(?P<fiscal>{_FISCAL})|{_CALENDAR})?(?P<year6>{_SHORT_YEAR})
    | (?P<fiscal2>{_FISCAL})(?P<year7>{_SHORT_YEAR})(?:['’]s)?,?\s?{_QUARTER.format("quarter2")}
    | (?P<half>first|second|latter)\shalf\sof\s(?:the\s)?(?:(?P<fiscal3>{_FISCAL})|
      {_CALENDAR})?(?P<year8>{_SHORT_YEAR})
    | (?P<season>spring|summer|fall|autumn|winter)\s(?:of\s)?(?P<year9>{_YEAR})
    | {_FISCAL}(?P<year10>{_SHORT_YEAR})
    | (?P<year13>20\d\d)\s(?:(?P<fiscal4>fiscal)|calendar)\syear
    | (?:{_CALENDAR})?(?P<year11>20\d\d)(?![\d-]|,\d|\.\d)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# The last group of each form that has a month: its year, month and day; "year3" has no day.
_DAY_FORMS = {
    "year": ("year", "month", "day"),
    "year2": ("year2", "month2", "day2"),
    "year3": ("year3", "month", "month"),
    "day4": ("year4", "month4", "day4"),
    "year5": ("year5", "month5", "day5"),
    "year14": ("year14", "month6", "month6"),
}
_DIGIT = re.compile(r"\d")
_THAT_YEAR = re.compile(r"year(?<=(?:that|this|same)\syear)")
# Characters, more than a date has before its first digit and after its last: "the second fiscal quarter of
# the fiscal year 2025", "FY2025's, second fiscal quarter"; where it has none of the two words, fewer.
_AHEAD, _BEHIND = 64, 40
_NEAR = 24


@dataclass(frozen=True, slots=True)
class Mention:
    """A date at a place in a text: its form, the first and last day it can mean, and its span.

    `is_end`: the text speaks of the period's end, so that only the last day is meant.
    """

    name: str
    first: date
    last: date
    start: int
    stop: int
    is_end: bool = False


# A sentence is read for its dates by several rules, folded and not: mostly it is the same text.
@lru_cache(maxsize=64)
def find_dates(text: str) -> tuple[Mention, ...]:
    """Read all dates of a text, in order; what no calendar has (31 February) is passed over."""
    return tuple(_read_all(text))


def without_dates(text: str) -> str:
    """The text with every date replaced by a space."""
    matches = _matches(text)
    if not matches:
        return text
    pieces: list[str] = []
    position = 0
    for match in matches:
        pieces += (text[position : match.start()], " ")
        position = match.end()
    return "".join((*pieces, text[position:]))


@lru_cache(maxsize=64)
def _matches(text: str) -> tuple[re.Match[str], ...]:
    """All dates as they are written, of the calendar or not.

    All but "May of that year" hold a digit: where there is none of these, they stand around the digits.
    """
    digits = _DIGIT.findall(text)
    if not digits:
        return ()
    low = lowered(text)
    if _THAT_YEAR.search(low):
        return tuple(_DATE.finditer(text))
    ahead, behind = (_AHEAD, _BEHIND) if "quarter" in low or "half" in low else (_NEAR, _NEAR)
    start = text.index(digits[0]) - ahead
    return tuple(_DATE.finditer(text, max(0, start), text.rindex(digits[-1]) + behind))


def _read_all(text: str) -> Iterator[Mention]:
    told = 0
    for match in _matches(text):
        before = text[max(0, match.start() - 4) : match.start()]
        if text[match.start()] == "m" or (before.endswith(("$", "-", "#")) and before.lower() != "mid-"):
            continue  # the verb "may", an amount, a part of a number
        try:
            name, first, last = _read(match, told)
        except ValueError:
            continue
        told = first.year
        yield _shaded(text, match, name, first, last)


def _read(match: re.Match[str], told: int) -> tuple[str, date, date]:
    """`told` is the year of the date before, which "that year" means."""
    kind = match.lastgroup or ""
    if kind in _DAY_FORMS:
        written, month, day = match.group(*_DAY_FORMS[kind])
        return _month_or_day(_year(written), month, day if kind not in {"year3", "year14"} else None)
    if kind == "year12":
        return _month_or_day(told, match["month"], None)
    part = match.groupdict()
    written = next(value for key, value in part.items() if key.startswith("year") and value)
    year = _year(written)
    fiscal = bool(part["fiscal"] or part["fiscal2"] or part["fiscal3"] or part["fiscal4"] or kind == "year10")
    quarter = part["quarter"] or part["quarterq"] or part["quarter2"] or part["quarter2q"]
    if quarter:
        return _quarter(year, _ORDINALS.get(quarter.lower()) or int(quarter), fiscal)
    if part["half"]:
        return _half(year, part["half"].lower() == "first", fiscal)
    if part["season"]:
        season = "fall" if part["season"].lower() == "autumn" else part["season"].lower()
        begin, end, day_of_end = _SEASONS[season]
        return f"{year}-{season}", date(year, begin, 1), date(year, end, day_of_end)
    return _whole_year(year, fiscal)


def _year(text: str) -> int:
    digits = text.lstrip("'’")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _month_or_day(year: int, month: str, day: str | None) -> tuple[str, date, date]:
    number = int(month) if month.isdigit() else _MONTHS[month.lower().rstrip(".")]
    if day:
        exact = date(year, number, int(day))
        return exact.isoformat(), exact, exact
    first = date(year, number, 1)
    return f"{year}-{number:02}", first, _month_end(year, number)


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _quarter(year: int, quarter: int, fiscal: bool) -> tuple[str, date, date]:
    # The fiscal year begins in the October before.
    months = (quarter - 2) * 3 if fiscal else (quarter - 1) * 3
    calendar_year, month = (year, months + 1) if months >= 0 else (year - 1, months + 13)
    name = f"FY{year}-Q{quarter}" if fiscal else f"{year}-Q{quarter}"
    return name, date(calendar_year, month, 1), _month_end(calendar_year, month + 2)


def _half(year: int, first: bool, fiscal: bool) -> tuple[str, date, date]:
    name = f"FY{year}" if fiscal else str(year)
    return name, _quarter(year, 1 if first else 3, fiscal)[1], _quarter(year, 2 if first else 4, fiscal)[2]


def _whole_year(year: int, fiscal: bool) -> tuple[str, date, date]:
    if fiscal:
        return f"FY{year}", date(year - 1, 10, 1), date(year, 9, 30)
    return str(year), date(year, 1, 1), date(year, 12, 31)


def _shaded(text: str, match: re.Match[str], name: str, first: date, last: date) -> Mention:
    """Apply the words before a date that narrow it; its span then begins with them."""
    start, stop = match.span()
    if not has_any(lowered(text[max(0, start - 28) : start]), _SHADES):
        return Mention(name, first, last, start, stop)
    shade = _SHADE.search(text, max(0, start - 28), start)
    if not shade or first == last:
        return Mention(name, first, last, start, stop)
    length = last - first
    if shade["early"]:
        last = first + length / 3
    elif shade["mid"]:
        first, last = first + length / 3, first + length * 2 / 3
    elif shade["late"]:
        first = last - length / 3
    return Mention(name, first, last, shade.start(), stop, bool(shade["end"]))
