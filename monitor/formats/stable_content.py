"""The hash of a page without the parts that differ in every response: equal hashes, equal captures.

Pure. A part is left out only if no extractor reads it, and only in the site's own form: a run of letters and
figures in a tag's attribute, an address of a stylesheet or a script, the settings for the site's own scripts,
the footer's version, the export's "status as of" stamp. Everything else is hashed. So two pages with one hash
give the same capture; pages with different hashes may do so too.

Searching for these parts takes twice as long as hashing the rest. So a page's layout can be kept: the length
of each hashed stretch, and the kind of part after it. `stable_content_along` searches only there.
"""

import re
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from monitor.formats import gao_csv
from monitor.record.bodies import Body, Packed, whole

_PREAMBLE = 20_000
_NUL = b"\x00"  # replaces a part that is left out: a page that holds one anywhere is refused
# Each begins with letters that are found fast; the group is the part that is left out.
# Equivalent to `[^<>]*?table-column-(…)` at half the cost: it never backtracks.
_CELL = re.compile(rb"<t[dh] [^<>t]*+(?:t(?!able-column-[0-9A-Za-z])[^<>t]*+)*+table-column-([0-9A-Za-z]+)")
_VIEW = re.compile(rb"js-view-dom-id-([0-9A-Za-z]+)")
_STYLESHEET = re.compile(rb'<link rel="stylesheet" media="all" href="([^"<>]*)"')
_SCRIPT = re.compile(rb'<script src="([^"<>]*)"></script>')
_SETTINGS = re.compile(
    rb'<script type="application/json" data-drupal-selector="drupal-settings-json">([^<>]*)</script>'
)
_VERSION = re.compile(rb"<div class=[\"']version[\"']>(\s*v?[0-9][0-9A-Za-z.+-]*\s*)</div")


# The kinds of these parts, and the pattern of each.
_TOKEN, _ADDRESS, _JSON, _NUMBER = range(4)
_WITHIN = tuple(
    re.compile(pattern).match
    for pattern in (rb"[0-9A-Za-z]+", rb'[^"<>]*', rb"[^<>]*", rb"\s*v?[0-9][0-9A-Za-z.+-]*\s*")
)
_Span = tuple[int, int, int]  # start, end, and which of these


@dataclass(frozen=True, slots=True)
class StableContent:
    """The hash of a page's stable content, and the page's own stamp, where it has one.

    `layout`: for `stable_content_along`; empty without markup.
    """

    digest: str
    stamp: datetime | None = None
    layout: bytes = field(default=b"", compare=False)


def stable_content(body: Body) -> StableContent | None:
    """The stable content of a page in markup or of an export; None for anything else, and for gzip."""
    if body[:1] == b"<":
        page = whole(body)
        if _NUL in page:
            return None
        spans = _apart(sorted(_spans(page)))
        return StableContent(_digest(page, spans), layout=_layout(spans))
    head = body[:_PREAMBLE].decode("latin-1")
    if "\x00" in head or head.startswith("\x1f\x8b"):
        return None
    header = gao_csv.find_header(head)
    if header is None:
        return None
    span = gao_csv.stamp_span(head[: header.start])
    return StableContent(_digest_but(body, span), gao_csv.stamp_of(head[: header.start]))


def _digest_but(body: Body, span: tuple[int, int] | None) -> str:
    """The hash without one range, made without a copy of what follows it."""
    made = sha256(body[: span[0]] + b"\x00" if span else b"")
    start = span[1] if span else 0
    if isinstance(body, bytes):
        made.update(memoryview(body)[start:])
    else:
        made.update(body.blocks[0][start:] + body.rest)
    return made.hexdigest()


def stable_content_along(body: Body, layout: bytes) -> StableContent | None:
    """The stable content of a page in markup that has an earlier page's layout; None where it has another.

    Only comparable with the earlier page's hash. Where the two are equal, all hashed bytes are equal, and the
    parts that are left out, which are found by the bytes around them, are in the same places: so
    `stable_content` would give the same hash. A different hash means nothing.
    """
    lengths = array("I")
    if not layout or len(layout) % lengths.itemsize or isinstance(body, Packed):
        return None
    if body[:1] != b"<" or _NUL in body:
        return None
    lengths.frombytes(layout)
    if sys.byteorder == "big":
        lengths.byteswap()
    pieces, position = [], 0
    for length in lengths:
        start = position + (length >> 2)
        found = _WITHIN[length & 3](body, start)
        if found is None:
            return None
        pieces.append(body[position:start])
        position = found.end()
    pieces.append(body[position:])
    return StableContent(_hash(pieces), layout=layout)


def _layout(spans: list[_Span]) -> bytes:
    """Of each hashed stretch its length times four plus the kind of part after it, as little-endian."""
    lengths, position = array("I"), 0
    for start, end, kind in spans:
        lengths.append((start - position) << 2 | kind)
        position = end
    if sys.byteorder == "big":
        lengths.byteswap()
    return lengths.tobytes()


def _apart(spans: list[_Span]) -> list[_Span]:
    """The spans that are not inside another."""
    kept, position = [], 0
    for span in spans:
        if span[0] >= position:
            kept.append(span)
            position = span[1]
    return kept


def _digest(body: bytes, spans: list[_Span]) -> str:
    pieces, position = [], 0
    for start, end, _ in spans:
        pieces.append(body[position:start])
        position = end
    pieces.append(body[position:])
    return _hash(pieces)


def _hash(pieces: list[bytes]) -> str:
    # The places of the parts that were left out are hashed too.
    return sha256(_NUL.join(pieces)).hexdigest()


def _spans(body: bytes) -> Iterator[_Span]:
    start, last = max(body.find(b"<body"), 0), max(body.rfind(b"</table"), 0)
    end = max(last, start)
    yield from ((*found.span(1), _TOKEN) for found in _CELL.finditer(body, start))
    views = (found for found in _VIEW.finditer(body, start) if _is_word_in_tag(body, found.start()))
    yield from ((*found.span(1), _TOKEN) for found in views)
    yield from ((*found.span(1), _ADDRESS) for found in _STYLESHEET.finditer(body, 0, start))
    yield from ((*found.span(1), _JSON) for found in _SETTINGS.finditer(body, 0, start))
    yield from ((*found.span(1), _ADDRESS) for found in _SCRIPT.finditer(body, 0, start))
    yield from ((*found.span(1), _ADDRESS) for found in _SCRIPT.finditer(body, end))
    yield from ((*found.span(1), _NUMBER) for found in _VERSION.finditer(body, end))


def _is_word_in_tag(body: bytes, position: int) -> bool:
    """Whether a word begins there inside a start tag, and not in a narrative."""
    if body[position - 1 : position].isalnum():
        return False  # part of a cell's token, which may end in other letters next time
    opening = body.rfind(b"<", 0, position)
    return opening > body.rfind(b">", 0, position) and body[opening + 1 : opening + 2].isalpha()
