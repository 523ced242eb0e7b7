"""The visible text of markup, and whether markup is complete. Pure.

selectolax's own `.text()` includes scripts and joins paragraphs without a space, so nodes are walked here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.formats.page.errors import NotAPage
from monitor.record.damage import unescape

_UNSEEN = frozenset(
    (
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "title",
        "svg",
        "iframe",
        "object",
        "select",
        "textarea",
        "math",
        "canvas",
        "audio",
        "video",
    )
)
_BLOCKS = frozenset(
    (
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    )
)
_HIDDEN_CLASSES = frozenset(
    (
        "priority-indicator",
        "usa-tooltip",
        "usa-tooltip__body",
        "tooltip-icon",
        "visually-hidden",
        "usa-sr-only",
        "sr-only",
    )
)
# Every run of white space except a single space, which each is replaced by.
_SPACE = re.compile(r"(?: [ \t\n\r\f]|[\t\n\r\f])[ \t\n\r\f]*")
# Begins where blanks begin: a long run of them without a line end is scanned once, not from each place.
_LINE_ENDS = re.compile(r"(?<![ \t])[ \t]*+(?:\n[ \t]*+)+")
_EDGES = " \t\n\r\f\v\u00a0\u202f\u200b\ufeff\u2009\u2003\u2002\u3000"

_BREAK, _PARTING = "\n", "\n\n"


def tidy(text: str) -> str:
    """Strip surrounding white space and separate paragraphs by one empty line; nothing else changes."""
    if "\n" in text:
        text = _LINE_ENDS.sub(lambda ends: _BREAK if ends[0].count("\n") == 1 else _PARTING, text)
    return text.strip(_EDGES)


def one_line(text: str) -> str:
    """Replace runs of white space by one space, and strip the ends."""
    return " ".join(text.split()).strip(_EDGES)


def classes(node: LexborNode) -> frozenset[str]:
    """The class names of an element."""
    return frozenset((node.attributes.get("class") or "").split())


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if not attributes:
        return False
    names = attributes.get("class")
    if names and not _HIDDEN_CLASSES.isdisjoint(names.split()):
        return True
    return attributes.get("role") == "tooltip"


def _steps(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every visible node below `root` in document order, and each element again when it closes.

    Does not recurse.
    """
    stack: list[tuple[LexborNode, bool]] = [(root, True)]
    first = root.child
    if first is not None:
        stack.append((first, False))
    while stack:
        node, closing = stack.pop()
        if closing:
            if stack or node.mem_id != root.mem_id:
                yield node, True
            continue
        following = node.next
        if following is not None:
            stack.append((following, False))
        if not node.is_element_node:
            yield node, False
        elif node.tag not in _UNSEEN and not _is_hidden(node):
            yield node, False
            stack.append((node, True))
            inner = node.child
            if inner is not None:
                stack.append((inner, False))


def beginning_of(node: LexborNode) -> str:
    """The first words of an element's visible text, on one line: enough to recognise a heading.

    Bounded: an element may hold the whole page, and a page many such elements.
    """
    pieces: list[str] = []
    length = 0
    for step, _ in _steps(node):
        text = (step.text_content or "") if step.is_text_node else " "
        pieces.append(text[:_HEADING])
        length += len(text)
        if length > _HEADING:
            break
    return one_line(unescape("".join(pieces)))


_HEADING = 400  # characters, with the white space of the markup


def text_of(node: LexborNode) -> str:
    """An element's visible text: an empty line between paragraphs, line breaks, entities resolved.

    Tooltips, the mark of a priority recommendation and text for screen readers only are left out.
    """
    pieces: list[str] = []
    for step, closing in _steps(node):
        if step.is_text_node:
            pieces.append(_SPACE.sub(" ", step.text_content or ""))
        elif step.tag == "br":
            pieces.append("" if closing else _BREAK)
        elif step.tag in ("td", "th"):
            pieces.append(" ")
        elif step.tag in _BLOCKS:
            pieces.append(_PARTING)
    return tidy(_SPACE_RUN.sub(" ", unescape("".join(pieces))))


_SPACE_RUN = re.compile(r" {2,}")
_LONG = 20  # letters: longer than any heading


def is_long(node: LexborNode) -> bool:
    """Whether an element's visible text is certainly longer than a word or two.

    Stops as soon as it is; False where entities left in the text could shorten it.
    """
    letters = 0
    for step, _ in _steps(node):
        text = (step.text_content or "") if step.is_text_node else ""
        if "&" in text:
            return False
        letters += len("".join(text[:1000].split()).strip(_EDGES))
        if letters > _LONG:
            return True
    return False


@dataclass(slots=True)
class TextLine:
    """A line of text outside the tables of recommendations, and the addresses linked in it."""

    text: str
    links: list[str] = field(default_factory=list)


def outline(root: LexborNode, tables: dict[int, LexborNode]) -> list[TextLine | LexborNode]:
    """The page as lines of text and, in their places, the given tables (by mem_id)."""
    found: list[TextLine | LexborNode] = []
    line = TextLine("")
    hidden = _hidden_below(root)
    # A loop of its own: of a page's elements most are inline or empty, and end no line.
    stack: list[LexborNode | None] = [root.child]  # None: an element closes that ends a line
    while stack:
        node = stack.pop()
        if node is None:
            line = _end_line(found, line) if line.text else line
            continue
        following = node.next
        if following is not None:
            stack.append(following)
        if not node.is_element_node:
            _add_text(line, node)
            continue
        tag = node.tag
        if tag in _UNSEEN or node.mem_id in hidden:
            continue
        if tag == "a" and (href := node.attributes.get("href")):
            line.links.append(href)
        if tag in _ENDS:
            line = _end_line(found, line) if line.text else line
            if tag == "table" and node.mem_id in tables:
                found.append(node)
                continue
            stack.append(None)
        inner = node.child
        if inner is not None:
            stack.append(inner)
    _end_line(found, line)
    return found


_ENDS = _BLOCKS | {"br", "td", "th", "button"}
# Every hidden element, and some others: found by the parser in a fraction of the time.
_MAY_BE_HIDDEN = (
    "[role], [class*=tooltip], [class*=priority-indicator], [class*=visually-hidden], [class*=sr-only]"
)


def _add_text(line: TextLine, node: LexborNode) -> None:
    text = (node.text_content or "") if node.is_text_node else ""
    if line.text or not text.isspace():  # white space at a line's beginning: between two tags, mostly
        line.text += text


def _hidden_below(root: LexborNode) -> set[int | None]:
    return {node.mem_id for node in root.css(_MAY_BE_HIDDEN) if _is_hidden(node)}


def _end_line(found: list[TextLine | LexborNode], line: TextLine) -> TextLine:
    text = one_line(unescape(line.text))
    if text:
        found.append(TextLine(text, line.links))
        return TextLine("")
    return TextLine("", line.links)


# Elements that close themselves or each other, so that they do not nest when left open.
_SHALLOW = (
    "area|base|br|col|dd|dt|embed|hr|img|input|li|link|meta|option"
    "|p|param|path|source|tbody|td|th|thead|tr|track|use|wbr"
)
_DEEP_TAG = re.compile(rf"<(/?)(?!(?:{_SHALLOW})(?![a-z0-9]))[a-z]")
_MAX_LENGTH = 32 * 10**6
_MAX_TAGS = 300_000
_MAX_TABLES = 5_000
_MAX_DEPTH = 256  # a parser's time is quadratic in the depth; the site's pages have about 30


def parse(text: str) -> LexborHTMLParser:
    """Parse a page, damaged markup as browsers do. NotAPage for markup that would cost too much."""
    if not is_cheap(text) and _is_monstrous(text):
        raise NotAPage("the page is larger or more deeply nested than any of the site's")
    return LexborHTMLParser(text)


def _is_monstrous(text: str) -> bool:
    tags = text.count("<")
    if len(text) > _MAX_LENGTH or tags > _MAX_TAGS:
        return True
    if tags <= _MAX_DEPTH:
        return False
    lower = text.lower()
    return lower.count("<table") > _MAX_TABLES or _depth(lower) > _MAX_DEPTH


_CHEAP_LENGTH = 300_000
_CHEAP_TAGS = 5_000
_CHEAP_COPIES = 600_000
# Of a text in lower case: to ignore the case takes four times as long.
_FORMATTING = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?![a-z0-9])")


def is_cheap(text: str) -> bool:
    """Whether parsing takes little time and memory whatever the markup is; the site's own pages are cheap.

    Some constructs cost a parser the square of their number, and formatting that is never closed is opened
    again in each block that follows. Closing tags prove nothing: the parser may ignore them.
    """
    tags = text.count("<")
    if len(text) > _CHEAP_LENGTH or tags > _CHEAP_TAGS:
        return False
    return len(_FORMATTING.findall(text.lower())) * (tags - text.count("</")) <= _CHEAP_COPIES


def _depth(text: str) -> int:
    """About how many elements are open at once at most, in a text in lower case."""
    depth = deepest = 0
    for closing in _DEEP_TAG.findall(_without(_without(text, "<!--", "-->"), "<script", "</script")):
        if not closing:
            depth += 1
            deepest = max(deepest, depth)
        elif depth:
            depth -= 1
    return deepest


_OPENING = re.compile(r"<html[\s>]", re.IGNORECASE)
_CLOSING = re.compile(r"</html\s*>", re.IGNORECASE)


def is_whole(text: str) -> bool:
    """Whether a page has its end: every `<html>` is closed, also those of documents pasted into it."""
    closings = len(_CLOSING.findall(text))
    if not closings:
        return False
    if closings >= len(_OPENING.findall(text)):
        return True
    bare = _without(_without(text, "<!--", "-->"), "<script", "</script")
    return len(_CLOSING.findall(bare)) >= len(_OPENING.findall(bare))


def _without(text: str, start: str, end: str) -> str:
    """Remove everything between two marks, in one pass."""
    kept: list[str] = []
    lower, position = text.lower(), 0
    while (first := lower.find(start, position)) >= 0:
        kept.append(text[position:first])
        last = lower.find(end, first)
        if last < 0:
            return "".join(kept)
        position = last + len(end)
    return "".join([*kept, text[position:]])
