"""The text of an agency's page, as a person or an archive saved it. Pure.

A group is a title, "Show", "N Open Recommendations", the column headings, then for each recommendation
its agency and text on one line, its status, perhaps the status's definition, and its narrative. Keys go by
the title, as for the page itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.formats.gao_agency import capture, too_few
from monitor.formats.page.errors import SAVE_AGAIN, NotAPage
from monitor.formats.page.markup import tidy
from monitor.formats.parts.agencies import Names, is_name, split_agency
from monitor.formats.parts.groups import announced, bare_title, count_line, is_columns, is_noise
from monitor.formats.parts.rows import Row
from monitor.record.damage import unescape
from monitor.record.folding import is_definition, normalize_status, stated_number, strip_definition
from monitor.record.values import Capture, Format, Status

_KNOWN = frozenset(str(status) for status in Status)
_ADDRESS = re.compile(r" ?<(?:https?://|mailto:|[/?#])[^<>\s]{0,500}>")  # some browsers save a link so
_PRIORITY_LINE = re.compile(r"Priority Rec(?:ommendation)?\.?", re.IGNORECASE)
_PRIORITY_END = re.compile(r"Priority Rec(?:ommendation)?\.?\Z", re.IGNORECASE)
_PRIORITY_HEAD = re.compile(r"Priority Rec(?:ommendation)?\.\s*", re.IGNORECASE)
_FOOTER = re.compile(
    r"Pagination|(?:[\u00ab\u2039<]{1,3} ?)?(?:First|Previous)(?: page)?|(?:Current )?page \d{1,3}"
    r"|(?:Next|Last)(?: page)?(?: ?[\u00bb\u203a>]+)?|\d{1,3}|Agency Reports?"
    r"|(?:GAO )?Contacts?(?: and Resources)?"
    r"|Topics|Stay Connected.{0,40}|Back to top|View (?:all|more)\b.{0,60}|Related\b.{0,60}"
    r"|Sign up\b.{0,80}|Subscribe\b.{0,80}|U\.?S\.? Government Accountability Office|About GAO|Footer"
    r"|(?:Media|Public) Inquiries",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;)\]\"'\u2019\u201d\u2026][\s\d\u200b]*\Z")
_SHORT = 60
_HEADING_LINES = 40
_MAX_LENGTH = 4 * 10**6
_MAX_LINES = 20_000


@dataclass(frozen=True, slots=True)
class _Block:
    """A group's title, the number it announces, and the lines below its column headings."""

    title: str
    count: int
    lines: list[str]
    is_last: bool


def looks_like_it(text: str) -> bool:
    """Whether a text has an agency page's total or a group's count."""
    if len(text) > _MAX_LENGTH or text.count("\n") > _MAX_LINES:
        return False  # far more than the ten recommendations that such a page lists
    return announced(text) is not None or any(count_line(line) for line in _lines(text))


def extract(text: str, url: str | None) -> Capture:
    """Read the text of an agency's page; NotAPage where it is cut off or of another shape."""
    lines = _lines(text)
    starts = [at for at, line in enumerate(lines) if count_line(line)]
    total = announced(" ".join(lines))
    heading = _heading(lines)
    blocks = _blocks(lines, starts)
    names = Names(heading)
    rows = [row for block in blocks for row in _rows(block, names)]
    ended = not blocks or _without_footer(_cells_on_lines(blocks[-1].lines))[1]
    return replace(capture(Format.TEXT, rows, total, url, heading), open_ended=not ended)


def _lines(text: str) -> list[str]:
    """Stripped lines without the addresses of links; tabs stay, runs of spaces become one."""
    bare = _ADDRESS.sub("", unescape(text))
    return [re.sub(r"[ \u00a0]{2,}", " ", line).strip(" \u00a0\u200b\f\v") for line in bare.split("\n")]


def _heading(lines: Sequence[str]) -> str:
    """The agency that the page is about: the last line of substance before the total."""
    for at, line in enumerate(lines[:_HEADING_LINES]):
        if announced(line) is not None:
            above = [
                other.strip("\t") for other in lines[:at] if other.strip() and not is_noise(other.strip("\t"))
            ]
            return above[-1] if above else ""
    return ""


def _blocks(lines: list[str], starts: list[int]) -> list[_Block]:
    titles = [_title(lines, at, starts[index - 1] if index else -1) for index, at in enumerate(starts)]
    blocks = []
    for index, at in enumerate(starts):
        is_last = index == len(starts) - 1
        end = len(lines) if is_last else titles[index + 1][0]
        found = count_line(lines[at])
        count = found[1] if found else 0
        blocks.append(
            _Block(titles[index][1], count, _below_columns(lines[at + 1 : end], titles[index][1]), is_last)
        )
    return blocks


def _title(lines: list[str], at: int, after: int) -> tuple[int, str]:
    """The line of the title of the group whose count is in line `at`, and the title."""
    found = count_line(lines[at])
    if found and bare_title(found[0]):
        return at, bare_title(found[0])
    for above in range(at - 1, after, -1):
        line = lines[above].strip("\t")
        if line and not is_noise(line):
            if is_columns(line) or not bare_title(line):
                break
            return _with_number(lines, above, after), bare_title(line)
    raise NotAPage("there is no report's title before a group", SAVE_AGAIN)


def _with_number(lines: list[str], at: int, after: int) -> int:
    """A report's number or date printed above its title belongs to it, not to the narrative before."""
    while at - 1 > after and lines[at - 1] and is_noise(lines[at - 1]):
        at -= 1
    return at


def _below_columns(lines: list[str], title: str) -> list[str]:
    """The lines after a group's column headings, which may be on one line or on three."""
    for at in range(min(len(lines), 20)):
        for height in (1, 2, 3, 5):
            if is_columns(" ".join(line for line in lines[at : at + height] if line).replace("\t", " ")):
                return lines[at + height :]
    raise NotAPage(f'below "{title[:80]}" there are no column headings', SAVE_AGAIN)


def _rows(block: _Block, names: Names) -> list[Row]:
    lines = _cells_on_lines(block.lines)
    if block.is_last:
        lines, footed = _without_footer(lines)
    marks = _status_lines(lines, block.count)
    if len(marks) < block.count:
        raise too_few(block.title, block.count, len(marks))
    if not marks:
        return []
    rows: list[Row] = []
    start = 0
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        row, start = _row(block, lines, start, mark, following, names)
        rows.append(row)
    if block.is_last and not footed:
        _refuse_cut(rows)
    return rows


def _cells_on_lines(lines: list[str]) -> list[str]:
    """A pasted table has tabs between cells: the status gets a line of its own."""
    found: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        cells = [cell for cell in cells if cell]
        if len(cells) >= 3 and normalize_status(cells[2]) in _KNOWN:
            found += ["\t".join(cells[:2]), *cells[2:]]
        elif len(cells) == 2 and normalize_status(cells[1]) in _KNOWN:
            found += cells
        else:
            found.append("\t".join(cells))
    return found


def _without_footer(lines: list[str]) -> tuple[list[str], bool]:
    """The last group's lines up to where the page's pager or footer begins, and whether there is one."""
    marks = [at for at, line in enumerate(lines) if normalize_status(line) in _KNOWN]
    first = marks[-1] + 1 if marks else 0
    end = next((at for at in range(first, len(lines)) if _is_footer(lines, at)), None)
    if end is None:
        return lines, False
    return lines[:end], True


_SENTENCE = 6  # words


def _is_footer(lines: list[str], at: int) -> bool:
    """Whether the page's pager or footer begins here; a narrative may have such a heading of its own.

    Below that a sentence follows, and below a footer's heading names, titles and addresses.
    """
    if not _FOOTER.fullmatch(lines[at]) or lines[at].endswith((".", ":", ";", ",")):
        return False
    following = next((line for line in lines[at + 1 :] if line), "")
    is_sentence = len(following.split()) >= _SENTENCE and following.endswith((".", ":", ";"))
    return not is_sentence or _FOOTER.fullmatch(following) is not None


def _status_lines(lines: list[str], count: int) -> list[int]:
    """Which lines are status labels; an unknown label is recognised by the stated number before it."""
    known = [at for at, line in enumerate(lines) if len(line) <= _SHORT and normalize_status(line) in _KNOWN]
    if len(known) > count:  # a narrative has such a line too
        known = [at for at in known if _follows_text(lines, at)] or (known[:1] if count == 1 else [])
    if len(known) >= count:
        return known
    for at, line in enumerate(lines):
        if (
            at not in known
            and line
            and len(line) <= _SHORT
            and not is_definition(line)
            and _ends_in_number(lines, at)
        ):
            known.append(at)
    return sorted(known)


def _before(lines: list[str], at: int) -> str:
    return next((lines[above] for above in range(at - 1, -1, -1) if lines[above]), "")


def _ends_in_number(lines: list[str], at: int) -> bool:
    return stated_number(_before(lines, at))[1] is not None


def _follows_text(lines: list[str], at: int) -> bool:
    """Whether a status label is possible here: after a row's text, not inside a narrative."""
    before = _before(lines, at)
    return "\t" in before or stated_number(before)[1] is not None


def _row(
    block: _Block, lines: list[str], start: int, mark: int, following: int | None, names: Names
) -> tuple[Row, int]:
    """The row whose status is in line `mark`, and the line where the next one begins."""
    agency, text, priority = _agency_and_text(lines[start:mark], names, block.title)
    names.add(agency)
    end = len(lines) if following is None else _row_start(lines, mark + 1, following, names)
    narrative = tidy(strip_definition("\n".join(lines[mark + 1 : end]).replace("\t", " ").lstrip()))
    return (
        Row(agency, text, lines[mark], priority, narrative, block.title, None, keyed_by_title=True),
        end,
    )


def _row_start(lines: list[str], first: int, mark: int, names: Names) -> int:
    """Where the row begins whose status is in line `mark`: at its agency's name or priority mark."""
    at = _above(lines, mark, first)
    if at is None:
        return first
    before = _above(lines, at, first)
    if "\t" not in lines[at] and split_agency(lines[at], names) is None:
        if before is not None and _PRIORITY_LINE.fullmatch(lines[before]):
            return before if (name := _above(lines, before, first)) is None else name
        if before is not None and (_PRIORITY_END.search(lines[before]) or is_name(lines[before])):
            return before
        return _named_line(lines, first, at, names)
    return before if before is not None and _PRIORITY_LINE.fullmatch(lines[before]) else at


def _above(lines: list[str], at: int, first: int) -> int | None:
    """The nearest line above that is not empty."""
    return next((above for above in range(at - 1, first - 1, -1) if lines[above]), None)


def _named_line(lines: list[str], first: int, last: int, names: Names) -> int:
    """The nearest line from `last` up that begins with a known agency's name: the text has several lines."""
    for at in range(last, first - 1, -1):
        if names.at_start(lines[at]):
            return at
    return last


def _agency_and_text(lines: list[str], names: Names, title: str) -> tuple[str, str, bool]:
    kept = [line for line in lines if not _PRIORITY_LINE.fullmatch(line)]
    priority = len(kept) < len(lines)
    agency, tab, text = tidy("\n".join(kept)).partition("\t")
    if not tab:
        found = split_agency(re.sub(r"(?<!\n)\n(?!\n)", " ", agency), names)
        if found is None:
            raise NotAPage(f'below "{title[:80]}" the agency cannot be told from the recommendation')
        agency, text = found
    if marked := _PRIORITY_HEAD.match(text.lstrip()):
        text, priority = text.lstrip()[marked.end() :], True
    if not agency.strip() or not text.strip():
        raise NotAPage(f'below "{title[:80]}" a recommendation has no text', SAVE_AGAIN)
    return agency.strip(), text.replace("\t", " "), priority


def _refuse_cut(rows: list[Row]) -> None:
    """NotAPage where a text, which has no end mark, stops without a narrative or within a sentence."""
    if not rows:
        return
    narrative = rows[-1].narrative
    if not narrative:
        raise NotAPage("the text ends before the last narrative", SAVE_AGAIN)
    if not _SENTENCE_END.search(narrative[-20:]):
        raise NotAPage("the text ends in the middle of a sentence", SAVE_AGAIN)
