"""The open-recommendations export: every open recommendation of the whole government. Pure.

A preamble of five lines with a "status as of" stamp, then a header and a row for each recommendation and
agency. Columns are found by name. A closed recommendation simply leaves, so the export is complete.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo

from monitor.formats.page.errors import DOWNLOAD_AGAIN, UNOPENED, NotAPage
from monitor.formats.page.markup import is_cheap, parse, text_of
from monitor.formats.parts.rows import Row, assemble_placed, recommendation
from monitor.record.damage import unescape
from monitor.record.folding import normalize_product
from monitor.record.values import Capture, Format

_EASTERN = ZoneInfo("America/New_York")
_SEPARATORS = (",", ";", "\t")
_COLUMNS = {
    "title": "publication name",
    "product": "publication number",
    "agency": "agency",
    "text": "recommendation",
    "status": "status",
    "priority": "priority",
    "narrative": "comments",
}
_YES = frozenset(("yes", "y", "true", "1"))
_NO = frozenset(("no", "n", "false", "0"))
csv.field_size_limit(16 * 2**20)  # the module's own limit, 128 kB, is below what a narrative may be
_SPREADSHEET_CELL = 32_767  # what a spreadsheet cuts a cell to
_PREAMBLE_LIMIT = 20_000
_STAMP = re.compile(
    r"status as of\s+(?P<month>[A-Z][a-z]{2})[a-z]*\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})"
    r"(?:\s+at\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?\s*(?P<half>[AP])\.?M)?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TAGS = re.compile(r"</?(?:p|br|em|strong|b|i|u|ul|ol|li|a|span|div|sup|sub)\b[^<>]{0,500}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Header:
    """The line of column names (offsets of its start and end), the separator, and the columns' names."""

    start: int
    end: int
    separator: str
    names: tuple[str, ...]


def find_header(text: str) -> Header | None:
    """The line of column names below the preamble; None where there is none."""
    position = 0
    while position < min(len(text), _PREAMBLE_LIMIT):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end]
        if "ublication" in line or "UBLICATION" in line or "ecommendation" in line:
            for separator in _SEPARATORS:
                names = tuple(
                    " ".join(name.replace('"', " ").split()).casefold() for name in line.split(separator)
                )
                if {"recommendation", "status"} <= set(names) and "agency affected" not in names:
                    return Header(position, min(end + 1, len(text)), separator, names)
        position = end + 1
    return None


def extract(text: str, url: str | None) -> Capture:
    """Read an export; NotAPage where it is cut off, damaged or a different table."""
    header = find_header(text)
    if header is None:
        raise NotAPage("there is no line of column names such as the export has", DOWNLOAD_AGAIN)
    at = _places(header)
    table = _table(text, header)
    cells = [row for row in table if any(cell.strip() for cell in row)]
    _check(cells, header)
    capture = _capture(text[: header.start], cells, at, url)
    return capture if len(cells) == len(table) else replace(capture, places=())


def extract_whole_rows(blocks: Iterable[str], header: Header, url: str | None) -> Capture:
    """Read an export block by block whose rows are all well-formed; only the last ones may be empty.

    Each block ends with a line end; the first one holds the header. NotAPage as in `extract`.
    """
    given = iter(blocks)
    first = next(given)
    lines = (line for text in chain([first[header.end :]], given) for line in _lines(text, 0))
    passed_over = 0

    def table() -> Iterator[list[str]]:
        nonlocal passed_over
        for row in csv.reader(lines, delimiter=header.separator, strict=True):
            if any(cell.strip() for cell in row):
                yield row
            else:
                passed_over += bool(row)  # only white space: export_rows.py counts it as a row

    capture = _capture(first[: header.start], table(), _places(header), url)
    return replace(capture, places=()) if passed_over else capture


def _places(header: Header) -> dict[str, int]:
    missing = [name for name in _COLUMNS.values() if name not in header.names]
    if missing:
        raise NotAPage(f"the export's header lacks {', '.join(missing)}")
    return {field: header.names.index(name) for field, name in _COLUMNS.items()}


def _capture(preamble: str, table: Iterable[list[str]], at: dict[str, int], url: str | None) -> Capture:
    gaps = _Gaps()
    recommendations, notes, places = assemble_placed(gaps.legible(table, at))
    gaps.check()
    return Capture(
        Format.CSV,
        recommendations,
        complete=True,
        url=url,
        stamp=stamp_of(preamble),
        notes=notes + gaps.notes(),
        illegible=tuple(gaps.illegible),
        without_priority=frozenset(gaps.unmarked),
        places=() if gaps.illegible else places,
    )


@dataclass(slots=True)
class _Gaps:
    """Rows of an export in which something is missing; a few do not make the rest unreadable.

    `illegible`: keys of rows without a status, or empty where no key can be made. `unmarked`: keys of rows
    without a priority.
    """

    count: int = 0
    nameless: int = 0
    illegible: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)

    def legible(self, table: Iterable[list[str]], at: dict[str, int]) -> Iterator[Row]:
        """The rows that can be compared."""
        for self.count, cells in enumerate(table, 1):
            row = _row(self.count, cells, at)
            self.nameless += row.product is None
            if not (row.text.strip() and row.agency.strip() and row.status.strip()):
                named = row.text.strip() and row.agency.strip()
                self.illegible.append(recommendation(row).key if named else "")
                continue
            if not cells[at["priority"]].strip():
                self.unmarked.append(recommendation(row).key)
            yield row

    def check(self) -> None:
        """NotAPage where too much is missing."""
        if not self.count:
            raise NotAPage("the export has no rows", DOWNLOAD_AGAIN)
        if self.nameless * 2 > self.count:
            raise NotAPage("most rows of the export have no publication number")
        few = max(1, self.count // 10)
        if len(self.illegible) > few or len(self.illegible) == self.count:
            raise NotAPage(
                f"{len(self.illegible)} rows of the export have no status, agency or recommendation",
                DOWNLOAD_AGAIN,
            )
        if len(self.unmarked) * 2 > self.count:
            raise NotAPage("the export's Priority column is empty", DOWNLOAD_AGAIN)

    def notes(self) -> tuple[str, ...]:
        """For operators."""
        missing = {
            "publication number": self.nameless,
            "status, agency or recommendation": len(self.illegible),
            "priority": len(self.unmarked),
        }
        return tuple(f"rows without a {what}: {number}" for what, number in missing.items() if number)


def _table(text: str, header: Header) -> list[list[str]]:
    """The rows below the header."""
    if text.count('"', header.end) % 2:
        raise NotAPage("the export is cut off in the middle of a row", DOWNLOAD_AGAIN)
    try:
        return _read(text, header)
    except csv.Error as error:
        raise NotAPage(f"the export's quoting is damaged: {error}", DOWNLOAD_AGAIN) from None


def _check(cells: list[list[str]], header: Header) -> None:
    """NotAPage where a row has too few or too many cells."""
    width = len(header.names)
    while width and not header.names[width - 1]:
        width -= 1
    needed = 1 + max(header.names.index(name) for name in _COLUMNS.values())
    for number, row in enumerate(cells, 1):
        is_last = number == len(cells)
        if len(row) < (width if is_last else needed):
            how = (
                "is cut off in the middle of its last row"
                if is_last
                else f"has only {len(row)} cells in row {number}"
            )
            raise NotAPage(f"the export {how}", DOWNLOAD_AGAIN)
        if any(row[len(header.names) :]):
            raise NotAPage(
                f"the export has {len(row)} cells in row {number} instead of {width}", DOWNLOAD_AGAIN
            )


def _read(text: str, header: Header) -> list[list[str]]:
    try:
        return list(csv.reader(_lines(text, header.end), delimiter=header.separator, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error) or "field larger" in str(error):
            raise
        # Text after a closing quote: `_check` sees whether it broke rows.
        return list(csv.reader(_lines(text, header.end), delimiter=header.separator))


def _lines(text: str, position: int) -> Iterator[str]:
    """Lines from an offset on, one at a time, so that the export is in memory once, not twice."""
    while position < len(text):
        end = text.find("\n", position) + 1 or len(text)
        yield text[position:end]
        position = end


def _row(number: int, cells: list[str], at: dict[str, int]) -> Row:
    if any(len(cell) == _SPREADSHEET_CELL or _units(cell) == _SPREADSHEET_CELL for cell in cells):
        raise NotAPage(f"a spreadsheet has cut a cell of row {number} to 32,767 characters", UNOPENED)
    return Row(
        agency=unescape(cells[at["agency"]]),
        text=_words(cells[at["text"]]),
        status=_words(cells[at["status"]]),
        priority=_priority(number, cells[at["priority"]]),
        narrative=_words(cells[at["narrative"]]),
        title=unescape(cells[at["title"]]),
        product=_product(cells[at["product"]]),
    )


_product = lru_cache(maxsize=10_000)(normalize_product)


def _units(cell: str) -> int:
    """Length in UTF-16, as a spreadsheet counts it; computed only where it can matter."""
    return (
        len(cell)
        if len(cell) < _SPREADSHEET_CELL // 2 or cell.isascii()
        else len(cell.encode("utf-16-le", "replace")) // 2
    )


def _words(cell: str) -> str:
    if "<" in cell and _TAGS.search(cell):
        if not is_cheap(cell):
            raise NotAPage("a cell of the export holds more markup than any of the site's", DOWNLOAD_AGAIN)
        body = parse(f"<body>{cell}").body
        return text_of(body) if body is not None else cell
    return unescape(cell).replace("\r\n", "\n")


def _priority(number: int, cell: str) -> bool:
    word = cell.strip().casefold()
    if word in _YES:
        return True
    if word in _NO or not word:  # an empty cell says nothing, see _Gaps
        return False
    raise NotAPage(
        f'row {number} of the export has "{word[:40]}" for its priority instead of Yes or No', DOWNLOAD_AGAIN
    )


def stamp_span(preamble: str) -> tuple[int, int] | None:
    """The range of the stamp's date and time in the preamble."""
    found = _STAMP.search(preamble)
    return (found.start("month"), found.end()) if found else None


def stamp_of(preamble: str) -> datetime | None:
    """When the export was made; the stamp is Eastern local time, whatever its label says."""
    found = _STAMP.search(preamble)
    if not found or found["month"].lower() not in _MONTHS:
        return None
    hour = int(found["hour"] or 0) % 12 + (12 if (found["half"] or "A").upper() == "P" else 0)
    try:
        local = datetime(
            int(found["year"]),
            _MONTHS.index(found["month"].lower()) + 1,
            int(found["day"]),
            hour,
            int(found["minute"] or 0),
            tzinfo=_EASTERN,
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
