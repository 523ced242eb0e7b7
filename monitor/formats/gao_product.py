"""A report's page: all its recommendations and matters, open and closed, with status and narrative. Pure."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.formats.page.errors import SAVE_AGAIN, NotAPage
from monitor.formats.page.markup import beginning_of, is_whole, one_line, text_of
from monitor.formats.parts.rows import Row, assemble
from monitor.formats.parts.tables import find_tables, looks_altered, read
from monitor.record.folding import is_staging, normalize_product, product_url
from monitor.record.values import Capture, Format

_SITE_NAME = re.compile(r"^U\.S\. GAO\s*[-\u2013]\s*|(?<!\s)\s*+\|\s*+U\.S\. GAO$", re.IGNORECASE)
_PROMISES_ROWS = re.compile(
    r"recommendations? for executive action|matters? for congressional consideration",
    re.IGNORECASE,
)


def identity(tree: LexborHTMLParser) -> str | None:
    """The report's number as the page states it; NotAPage where its marks disagree or name another host."""
    marks = {
        "its title block": _stated(tree),
        "its canonical link": _attribute(tree, "link[rel=canonical]", "href"),
        "its og:url": _attribute(tree, 'meta[property="og:url"]', "content"),
    }
    if any(is_staging(mark) for mark in marks.values()):
        raise NotAPage("this is a copy on GAO's staging host", "open the page at www.gao.gov")
    numbers = {where: number for where, mark in marks.items() if (number := _number(mark))}
    if len(set(numbers.values())) > 1:
        said = " and ".join(f"{number} in {where}" for where, number in numbers.items())
        raise NotAPage(f"the page disagrees about its report: {said}")
    return next(iter(numbers.values()), None)


def _number(mark: str) -> str | None:
    return normalize_product(mark) if "/" not in mark or "/products/" in mark.casefold() else None


def _stated(tree: LexborHTMLParser) -> str:
    block = tree.css_first("#block--post-title-info")
    words = one_line(text_of(block)).split() if block is not None else []
    return next((word for word in words if normalize_product(word)), "")


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(name) or "").strip() if node is not None else ""


def page_title(tree: LexborHTMLParser) -> str:
    """The page's title, without the site's name."""
    heading = tree.css_first("h1.split-headings") or tree.css_first("h1")
    words = one_line(text_of(heading)) if heading is not None else ""
    words = words or _attribute(tree, 'meta[property="og:title"]', "content")
    if not words and (node := tree.css_first("title")) is not None:
        words = node.text()
    return one_line(_SITE_NAME.sub("", one_line(words)))


def extract(text: str, tree: LexborHTMLParser, url: str | None) -> Capture:
    """Read a report's page; NotAPage where it is cut off or of another shape."""
    product = identity(tree) or (normalize_product(url) if url and "/products/" in url.casefold() else None)
    if product is None:
        raise NotAPage("the page does not say which report it is of")
    if not is_whole(text):
        raise NotAPage("the page is cut off", SAVE_AGAIN)
    root = tree.body or tree.root
    title = page_title(tree)
    if root is None or not title:
        raise NotAPage("the page has no title", SAVE_AGAIN)
    tables = find_tables(root)
    rows = [
        Row(row.agency, row.text, row.status, row.priority, row.narrative, title, product, table.kind)
        for table in tables
        for row in read(table)
    ]
    if looks_altered(root, tables) or (not rows and (_promises(root) or not _stated(tree))):
        raise NotAPage(
            "the page's recommendations are not in a known table", "see whether the site has changed"
        )
    found, notes = assemble(rows)
    return Capture(
        Format.PRODUCT, found, complete=True, url=url or product_url(product), subject=product, notes=notes
    )


def _promises(root: LexborNode) -> bool:
    """Whether a heading announces a table of recommendations."""
    return any(_PROMISES_ROWS.search(beginning_of(node)) for node in root.css("h2, h3, h4"))
