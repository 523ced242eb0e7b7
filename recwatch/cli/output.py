"""Answers on standard output: tables for people, JSON Lines and CSV for programs."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from monitor.record.inert import inert, inert_cell, inert_json, inert_line
from monitor.record.masking import masked, without_known

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 80  # where nothing says how wide the reader's window is


class As(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the row's key, the heading, and what happens when space is short."""

    key: str
    heading: str
    right: bool = False
    keep: bool = False  # never cut: people copy it
    share: int | None = None  # takes the remaining width, in this proportion
    wrap: bool = False  # wraps instead of being cut


def choose(*, as_json: bool, as_csv: bool = False) -> As:
    """The format that the options ask for."""
    return As.JSON if as_json else As.CSV if as_csv else As.TABLE


def say(text: str = "") -> None:
    """Write lines of the answer, inert and without secrets."""
    _write(inert(without_known(text)))


def note(text: str) -> None:
    """Write one line to standard error: for the person, not part of the answer."""
    sys.stderr.write(f"{inert(masked(text))}\n")


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def json_line(value: Mapping[str, Any]) -> None:
    """Write one object a line, escaped where standard output is not UTF-8; times as ISO 8601 in UTC."""
    encoded = json.dumps(value, ensure_ascii=not _is_unicode(), default=_plain)
    _write(inert_json(without_known(encoded)))


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def csv_rows(keys: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a header and rows; no cell can be taken for a formula by a spreadsheet."""
    if not _is_unicode() and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # a question mark in a table of data would be a wrong value
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(keys)
    for row in rows:
        writer.writerow([_cell(row.get(key)) for key in keys])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(_plain(value))
    if isinstance(value, (list, tuple)):
        return _cell(" ".join(str(each) for each in value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    is_number = isinstance(value, (int, float))
    return text if is_number else inert_cell(without_known(text))


def table(columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write an aligned table that fits the window, 80 columns where there is none."""
    from rich.table import Table
    from rich.text import Text

    listed = list(rows)
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        drawn.add_column(
            column.heading,
            justify="right" if column.right else "left",
            no_wrap=not column.wrap,
            overflow="ignore" if column.keep else "ellipsis",
            min_width=_longest(column, listed) if column.keep else None,
            ratio=column.share,
        )
    drawn.expand = any(column.share for column in columns)
    for row in listed:
        drawn.add_row(*(Text(shown(row.get(column.key))) for column in columns))
    print_without_padding(drawn)


def print_without_padding(drawn: Any) -> None:
    """Print without the spaces with which Rich fills each line: they are in the way when copying."""
    out = console()
    with out.capture() as captured:
        out.print(drawn)
    for line in captured.get().splitlines():
        _write(without_known(line.rstrip()))


def _longest(column: Column, rows: list[Mapping[str, Any]]) -> int:
    return max([len(column.heading), *(len(shown(row.get(column.key))) for row in rows)])


def shown(value: Any) -> str:
    """A value in a table's cell: times in the reader's zone, nothing that could move the cursor."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, (list, tuple)):
        return inert_line(", ".join(str(each) for each in value))
    return inert_line(str(value))


def local(moment: datetime) -> str:
    """A time in the local zone, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def console() -> "Console":
    """Rich's console on standard output; 80 columns wide where that is not a terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, soft_wrap=False)


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 change`, `1,204 changes`. Imported when called: start-up time."""
    from workers.channels.text.words import counted as in_words

    return in_words(number, noun, plural)


def answer(
    form: As, columns: Sequence[Column], keys: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> int:
    """Write rows in the format asked for; gives back how many there were."""
    listed = list(rows)
    if form is As.JSON:
        for row in listed:
            json_line({key: row.get(key) for key in keys})
    elif form is As.CSV:
        csv_rows(keys, listed)
    elif listed:
        table(columns, listed)
    return len(listed)


def footer(form: As, text: str) -> None:
    """Write a line below a table; below what a program reads, it goes to standard error."""
    (say if form is As.TABLE else note)(text)
