"""Recognises a text's format, or names what it is instead. Pure."""

import re

from selectolax.lexbor import LexborHTMLParser

from monitor.formats import gao_csv, gao_product, gao_text
from monitor.formats.page.errors import NotAPage
from monitor.formats.page.markup import one_line, text_of
from monitor.formats.parts.groups import announced
from monitor.formats.parts.tables import find_tables
from monitor.record.folding import normalize_product
from monitor.record.values import Format

NAMES = {
    Format.CSV: "the open-recommendations export",
    Format.PRODUCT: "a report's page",
    Format.AGENCY: "an agency's page",
    Format.TEXT: "the text of an agency's page",
}
_MARKUP = re.compile(
    r"<(?:!doctype\s+html|html|head|body|table|div|section|main|meta|title)\b", re.IGNORECASE
)
_OPEN_IN_BROWSER = "open the address in a browser and save the page"
# What is served in a page's place. Searched only where there is no page of recommendations.
_SUBSTITUTES = (
    (
        r"bm-verify|_sec/cp_challenge|akamai.{0,40}challenge|cf-chl|just a moment|verify(?:ing)? you",
        "a bot check",
    ),
    (
        r"access denied|403 forbidden|request (?:was )?rejected|you don'?t have permission|request blocked",
        "a refusal",
    ),
    (r"captcha", "a bot check"),
    (r"type\s*=\s*[\"']?password|\b(?:sign|log) ?in to\b|single sign-on", "a login page"),
    (
        r"404 not found|page (?:was |could )?not (?:be )?found|no longer available",
        "a page that says it was not found",
    ),
    (
        r"temporarily unavailable|under maintenance|bad gateway|gateway time-?out|internal server error",
        "an error page",
    ),
    (
        r"enable javascript|javascript is (?:required|disabled)|requires javascript",
        "a page that wants JavaScript",
    ),
)
_WINDOW = 60_000
_SHELL_TEXT = 200


def is_markup(text: str) -> bool:
    """Whether a text is HTML."""
    head = text[:_WINDOW].lstrip()
    begins = head.startswith("<") and _MARKUP.search(head) is not None
    return begins or re.search(r"<html[\s>]", head[:2000], re.IGNORECASE) is not None


def of_plain(text: str) -> Format:
    """The format of a text without markup; NotAPage names what it is instead."""
    if gao_csv.find_header(text):
        return Format.CSV
    if gao_text.looks_like_it(text):
        return Format.TEXT
    if text.lstrip()[:1] in ("{", "["):
        raise NotAPage("this is JSON, not a page")
    if "status as of" in text[:2000]:
        return Format.CSV
    raise NotAPage(_substitute(text) or "this is not a known page of recommendations")


def of_markup(text: str, tree: LexborHTMLParser, url: str | None) -> Format:
    """The format of a page in markup; NotAPage names what was served in its place."""
    root = tree.body or tree.root
    if root is not None:
        if gao_product.identity(tree) or (_is_report(url) and find_tables(root)):
            return Format.PRODUCT
        if find_tables(root):
            return Format.AGENCY
        words = one_line(text_of(root))
        if announced(words) is not None:
            return Format.AGENCY
        if reason := _substitute(text):
            raise NotAPage(reason, _OPEN_IN_BROWSER)
        if len(words) < _SHELL_TEXT:
            raise NotAPage("the page has next to no text: it was not loaded", _OPEN_IN_BROWSER)
    raise NotAPage("this is not a known page of recommendations")


def _is_report(url: str | None) -> bool:
    return bool(url and "/products/" in url.casefold() and normalize_product(url))


def _substitute(text: str) -> str | None:
    window = text[:_WINDOW]
    for pattern, what in _SUBSTITUTES:
        if re.search(pattern, window, re.IGNORECASE):
            return f"this is {what}, not a page of recommendations"
    return None
