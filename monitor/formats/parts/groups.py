"""The lines around the tables of an agency's page, in markup and in text. Pure."""

import re

_ANNOUNCED = re.compile(r"\bOpen Recommendations\s*\(\s*(\d{1,3}(?:,?\d{3})*)\s+total\s*\)", re.IGNORECASE)
# "Show", "2 Open Recommendations", "1 Priority" may share a line with each other and with the title.
_COUNT = re.compile(
    r"(?<![\w,.-])(?P<count>\d{1,4}) Open Recommendations?"
    r"(?:\s*+[,;(+]?\s*+\d{1,4} Priority(?: Rec(?:ommendation)?s?\.?)?\)?)?\s*+$",
    re.IGNORECASE,
)
_SHOW = re.compile(r"\b(?:Show|Hide)\Z", re.IGNORECASE)
_NOISE = re.compile(
    r"(?:show|hide)(?: all)?|\d{1,4} priority(?: rec(?:ommendation)?s?\.?)?|jump to:?|skip to .{0,40}|"
    r"(?:gao|[a-z]{2,6})-\d{2}-\d{1,7}[a-z]{0,4}|"
    r"(?:published|publicly released|issued|released)?:?\s?[a-z]{3,9}\.? \d{1,2}, \d{4}\.?"
    r"(?: ?publicly released: [a-z]{3,9}\.? \d{1,2}, \d{4}\.?)?",
    re.IGNORECASE,
)
_LEADING_NUMBER = re.compile(r"^GAO-\d{2}-\d{1,7}[A-Z]{0,4}\s*[:|\u2013\u2014-]?\s+", re.IGNORECASE)
_SORT = r"\s*(?:Sort (?:ascending|descending)\s*)?"
_COLUMNS = re.compile(
    rf"Agency Affected{_SORT}Recommendation{_SORT}Status{_SORT}",
    re.IGNORECASE,
)


_LONGEST = 1_000  # longer than any title; patterns are not applied to longer lines


def count_line(line: str) -> tuple[str, int] | None:
    """Title (or nothing) and count of a line that ends in "2 Open Recommendations"; None for any other."""
    found = _COUNT.search(line) if len(line) <= _LONGEST else None
    return (_SHOW.sub("", line[: found.start()].rstrip()).strip(), int(found["count"])) if found else None


def announced(text: str) -> int | None:
    """The total of an agency's page: 25 from "Open Recommendations (25 total)"."""
    found = _ANNOUNCED.search(text)
    return int(found[1].replace(",", "")) if found else None


def is_noise(line: str) -> bool:
    """Whether a line near a title is not the title: "Show", "1 Priority", a number, a date."""
    return len(line) <= _LONGEST and bool(_NOISE.fullmatch(line) or _ANNOUNCED.search(line))


def bare_title(line: str) -> str:
    """A title without the report's number printed before it."""
    return _LEADING_NUMBER.sub("", line).strip()


def is_columns(line: str) -> bool:
    """Whether a line is the table's heading."""
    return len(line) <= _LONGEST and bool(_COLUMNS.fullmatch(line))
