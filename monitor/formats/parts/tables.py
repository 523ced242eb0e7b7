"""Tables of recommendations in markup, found by their column headings. Pure; used by both HTML formats."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from monitor.formats.page.errors import SAVE_AGAIN, NotAPage
from monitor.formats.page.markup import beginning_of, classes, is_long, one_line, text_of
from monitor.record.folding import normalize_status, strip_definition
from monitor.record.values import Kind, Status

_SORTING = re.compile(r"(?<!\s)\s*+\bsort(?:ed)? (?:ascending|descending)\b.*", re.IGNORECASE)
_HEADINGS = {
    "agency affected": "agency",
    "agencies affected": "agency",
    "recommendation": "text",
    "matter": "text",
    "matters": "text",
    "matter for congressional consideration": "text",
    "status": "status",
    "comments": "narrative",
}
_PRIORITY_TEXT = re.compile(r"\A\s*Priority Rec(?:ommendation)?\.?(?:\s+|\Z)", re.IGNORECASE)
_KNOWN = frozenset(str(status) for status in Status)
_LABEL_WORDS = 5  # "Closed – Not Implemented" is the longest


@dataclass(frozen=True, slots=True)
class Table:
    """A table of recommendations or of matters, and which column holds what."""

    node: LexborNode
    columns: dict[str, int]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Cells:
    """The content of one row."""

    agency: str
    text: str
    status: str
    narrative: str
    priority: bool


def find_tables(root: LexborNode) -> list[Table]:
    """Every table below `root` that has the headings of recommendations or of matters."""
    return [table for node in root.css("table") if (table := _recognise(node))]


def looks_altered(root: LexborNode, tables: Sequence[Table]) -> bool:
    """Whether a page has recommendations in a table or a section of unknown shape.

    `tables`: the result of find_tables.
    """
    known = {table.node.mem_id for table in tables}
    for node in root.css("table"):
        names = set() if node.mem_id in known else set(_heading_fields(node))
        if "text" in names and len(names) > 1:
            return True
    holding = _ancestors(tables)
    return any(
        node.mem_id not in holding and node.css_first("td, .comment, .status-code") is not None
        for node in root.css(".view-recommendations")
    )


def _ancestors(tables: Sequence[Table]) -> set[int]:
    """The elements that contain one of the tables, by mem_id."""
    found: set[int] = set()
    for table in tables:
        node = table.node.parent
        while node is not None and node.mem_id not in found:
            found.add(node.mem_id)
            node = node.parent
    return found


def _recognise(node: LexborNode) -> Table | None:
    fields = _heading_fields(node)
    columns = {field: position for position, field in enumerate(fields) if field}
    if {"agency", "text", "status"} <= columns.keys():
        return Table(node, columns, Kind.RECOMMENDATION)
    if {"text", "status"} <= columns.keys() and any("matter" in words for words in _heading_words(node)):
        return Table(node, columns, Kind.MATTER)
    return None


def _heading_fields(node: LexborNode) -> list[str]:
    return [_HEADINGS.get(words, "") for words in _heading_words(node)]


def _heading_words(node: LexborNode) -> list[str]:
    first = next(_rows(node), None)
    if first is None:
        return []
    cells = [cell for cell in _children(first) if cell.tag in ("th", "td")]
    return [_SORTING.sub("", beginning_of(cell)).casefold().strip(" :") for cell in cells[:8]]


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        if child.is_element_node:
            yield child
        child = child.next


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    """The table's own rows, without those of a table inside a narrative."""
    for child in _children(table):
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in _children(child) if row.tag == "tr")


def read(table: Table) -> Iterator[Cells]:
    """The rows of a table; NotAPage where one is incomplete."""
    for row in _rows(table.node):
        cells = [cell for cell in _children(row) if cell.tag == "td"]
        if not cells or _is_heading(cells):
            continue
        if len(cells) <= max(table.columns.values()):
            raise NotAPage(
                f"a row of the table has {len(cells)} cells instead of {len(table.columns)}", SAVE_AGAIN
            )
        yield _read_row(table, row, cells)


def _is_heading(cells: list[LexborNode]) -> bool:
    """Whether a row repeats the headings in ordinary cells."""
    return not is_long(cells[-1]) and one_line(text_of(cells[-1])).casefold() in ("status", "comments")


def _read_row(table: Table, row: LexborNode, cells: list[LexborNode]) -> Cells:
    text_cell = _cell(cells, "views-field-field-recommendation", table.columns["text"])
    status_cell = _cell(cells, "views-field-field-status-code", table.columns["status"])
    agency = "Congress"
    if "agency" in table.columns:
        agency = one_line(text_of(_cell(cells, "views-field-name", table.columns["agency"])))
    status, narrative = _status_and_narrative(status_cell)
    if "narrative" in table.columns:
        narrative = text_of(cells[table.columns["narrative"]])
    text = text_of(text_cell)
    marked = _PRIORITY_TEXT.match(text)
    text = text[marked.end() :] if marked else text
    for what, words in (("agency", agency), ("recommendation", text), ("status", status)):
        if not words.strip():
            raise NotAPage(f"a row of the table has no {what}")
    priority = bool(marked) or row.css_first(".priority-indicator") is not None
    return Cells(agency, text, status, strip_definition(narrative), priority)


def _cell(cells: list[LexborNode], name: str, position: int) -> LexborNode:
    return next((cell for cell in cells if name in classes(cell)), cells[position])


def _status_and_narrative(cell: LexborNode) -> tuple[str, str]:
    """The status label and the narrative; older pages have both and a definition as plain text."""
    label, comment = cell.css_first(".code"), cell.css_first("div.comment, .comment")
    status = text_of(label) if label is not None else ""
    if label is not None and not status:
        status = _known_label(label.text(separator=" "))
    if status and comment is not None:
        return status, text_of(comment)
    whole = text_of(cell)
    first, _, rest = whole.partition("\n")
    if status:
        return status, strip_definition(whole.removeprefix(status).lstrip())
    if comment is not None:
        return _known_label(whole) or first, text_of(comment)
    known = _known_label(first)
    return (known, f"{first[len(known) :]}\n{rest}".strip()) if known else (first, rest.strip())


def _known_label(text: str) -> str:
    """The longest known status that a text begins with, in the page's spelling."""
    ends = [match.end() for match in re.finditer(r"\S+", text[:120])][: _LABEL_WORDS + 2]
    for end in reversed(ends):
        if normalize_status(text[:end]) in _KNOWN:
            return text[:end]
    return ""
