"""An agency's page: its total, and the first ten of its open recommendations in groups by report. Pure.

Only the tables, their headings, the groups' "N Open Recommendations" and the titles before them can be relied
on. Wrappers, links and numbers cannot: keys are made of the title, whether or not there is a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.formats.gao_product import page_title
from monitor.formats.page.errors import SAVE_AGAIN, NotAPage
from monitor.formats.page.markup import TextLine, is_whole, outline
from monitor.formats.parts.groups import announced, bare_title, count_line, is_noise
from monitor.formats.parts.rows import Row, assemble
from monitor.formats.parts.tables import Table, find_tables, looks_altered, read
from monitor.record.folding import normalize_product
from monitor.record.values import Capture, Format


@dataclass(slots=True)
class _Group:
    """A report on the page: its title, the number of recommendations it announces, and its rows."""

    title: str
    count: int | None
    product: str | None
    rows: list[Row] = field(default_factory=list)


def extract(text: str, tree: LexborHTMLParser, url: str | None) -> Capture:
    """Read an agency's page; NotAPage where it is cut off, of another shape, or short of its total."""
    root = tree.body or tree.root
    if root is None:
        raise NotAPage("the page is empty")
    if not is_whole(text):
        raise NotAPage("the page is cut off", SAVE_AGAIN)
    tables = find_tables(root)
    if looks_altered(root, tables):
        raise NotAPage(
            "the page's recommendations are not in a known table", "see whether the site has changed"
        )
    page = outline(root, {table.node.mem_id: table.node for table in tables})
    total = announced(" ".join(part.text for part in page if isinstance(part, TextLine)))
    groups = _groups(page, tables)
    return capture(Format.AGENCY, groups_rows(groups), total, url, page_title(tree))


def capture(form: Format, rows: Sequence[Row], total: int | None, url: str | None, agency: str) -> Capture:
    """The capture of an agency's page in markup or text; NotAPage where it contradicts its total."""
    if not rows and total != 0:
        said = "no" if total is None else f"{total:,} open recommendations and shows none"
        raise NotAPage(
            f"the page announces {said}" if total else "the page shows no recommendations", SAVE_AGAIN
        )
    found, notes = assemble(rows)
    if total is not None and len(found) > total:
        notes += (f"the page announces {total} and lists {len(found)}",)
    # Never complete: the list is cut at ten, so absence means nothing even where the numbers agree.
    return Capture(form, found, False, url=url, subject=agency or None, announced=total, notes=notes)


def too_few(title: str, count: int, shown: int) -> NotAPage:
    """The refusal of a group that shows fewer recommendations than it announces."""
    return NotAPage(f'"{title[:80]}" announces {count} open recommendations and shows {shown}', SAVE_AGAIN)


def groups_rows(groups: Sequence[_Group]) -> list[Row]:
    """The rows of all groups; NotAPage where a group shows fewer than it announces."""
    for group in groups:
        if group.count is not None and len(group.rows) < group.count:
            raise too_few(group.title, group.count, len(group.rows))
    return [row for group in groups for row in group.rows]


def _groups(page: list[TextLine | LexborNode], tables: list[Table]) -> list[_Group]:
    by_node = {table.node.mem_id: table for table in tables}
    groups: list[_Group] = []
    before: list[TextLine] = []
    for part in page:
        if isinstance(part, TextLine):
            before.append(part)
            continue
        group = _open(before, groups[-1] if groups else None)
        if not groups or group is not groups[-1]:
            groups.append(group)
        table, before = by_node[part.mem_id], []
        group.rows += [
            Row(
                row.agency,
                row.text,
                row.status,
                row.priority,
                row.narrative,
                group.title,
                group.product,
                table.kind,
                True,
            )
            for row in read(table)
        ]
    if any(count_line(line.text) for line in before):
        raise NotAPage("the page ends before the last group's table", SAVE_AGAIN)
    return groups


def _open(before: list[TextLine], last: _Group | None) -> _Group:
    """The group of a table, from the lines between it and the table before."""
    counts = [(at, found) for at, line in enumerate(before) if (found := count_line(line.text))]
    if not counts:
        if last is None:
            raise NotAPage("there is no report's title before the table")
        return last
    if len(counts) > 1:
        raise NotAPage("a group of the page has no table", SAVE_AGAIN)
    at, found = counts[0]
    titles = [line for line in before[:at] if not is_noise(line.text)]
    title = found[0] or (titles[-1].text if titles else "")
    if not bare_title(title):
        raise NotAPage("there is no report's title before the table")
    return _Group(bare_title(title), found[1], _product(before, title))


def _product(lines: list[TextLine], title: str) -> str | None:
    """The report's number, where exactly one is linked from the title on or printed."""
    start = next((at for at, line in reversed(list(enumerate(lines))) if title in line.text), 0)
    while start and is_noise(lines[start - 1].text):
        start -= 1
    near = lines[start:]
    linked = {link for line in near for link in line.links if "/products/" in link}
    numbers = {
        normalize_product(mark) for mark in (*linked, *(line.text for line in near if is_noise(line.text)))
    }
    numbers |= {normalize_product(line.text.split()[0]) for line in near if line.text}
    numbers.discard(None)
    return numbers.pop() if len(numbers) == 1 else None
