"""A page with all set aside that differs in every response and is never read: equal hashes, equal readings.

Pure. Only what no reader of pages looks at is set aside, and only where it stands in the site's own shape: a
run of letters and figures inside a tag's attribute, an address of a stylesheet or a script, the settings that
the site's own scripts read, the footer's version, the export's "status as of" stamp. Whatever is not in that
shape counts. So two pages of one hash are read alike, to the letter; the other way round nothing follows.

Looking for what is set aside takes twice as long as hashing the rest. So a page's layout is remembered: how
long each stretch is that counts, and what follows it. `settle_along` looks only there.
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
_NUL = b"\x00"  # a page that holds one is refused, wherever it stands; so it marks what was set aside
# Each begins with letters that are found fast; the group is what is set aside.
# As `[^<>]*?table-column-(…)`, which costs twice as much: what comes before is never looked at again.
_CELL = re.compile(rb"<t[dh] [^<>t]*+(?:t(?!able-column-[0-9A-Za-z])[^<>t]*+)*+table-column-([0-9A-Za-z]+)")
_VIEW = re.compile(rb"js-view-dom-id-([0-9A-Za-z]+)")
_STYLESHEET = re.compile(rb'<link rel="stylesheet" media="all" href="([^"<>]*)"')
_SCRIPT = re.compile(rb'<script src="([^"<>]*)"></script>')
_SETTINGS = re.compile(
    rb'<script type="application/json" data-drupal-selector="drupal-settings-json">([^<>]*)</script>'
)
_VERSION = re.compile(rb"<div class=[\"']version[\"']>(\s*v?[0-9][0-9A-Za-z.+-]*\s*)</div")


# What stands in each of these places; what lies round it is what made it one.
_TOKEN, _ADDRESS, _JSON, _NUMBER = range(4)
_WITHIN = tuple(
    re.compile(pattern).match
    for pattern in (rb"[0-9A-Za-z]+", rb'[^"<>]*', rb"[^<>]*", rb"\s*v?[0-9][0-9A-Za-z.+-]*\s*")
)
_Span = tuple[int, int, int]  # start, end, and which of these


@dataclass(frozen=True, slots=True)
class Settled:
    """The hash of what lasts of a page, and the page's own stamp, where it has one.

    `layout`: where it lay, for `settle_along`; empty for what is no markup.
    """

    digest: str
    stamp: datetime | None = None
    layout: bytes = field(default=b"", compare=False)


def settle(body: Body) -> Settled | None:
    """What lasts of a page in markup or of an export; None for anything else, and for what came packed."""
    if body[:1] == b"<":
        page = whole(body)
        if _NUL in page:
            return None
        spans = _apart(sorted(_spans(page)))
        return Settled(_digest(page, spans), layout=_layout(spans))
    head = body[:_PREAMBLE].decode("latin-1")
    if "\x00" in head or head.startswith("\x1f\x8b"):
        return None
    header = gao_csv.find_header(head)
    if header is None:
        return None
    span = gao_csv.stamp_span(head[: header.start])
    return Settled(_digest_but(body, span), gao_csv.stamp_of(head[: header.start]))


def _digest_but(body: Body, span: tuple[int, int] | None) -> str:
    """The same hash with one range set aside, without a copy of what follows it."""
    made = sha256(body[: span[0]] + b"\x00" if span else b"")
    start = span[1] if span else 0
    if isinstance(body, bytes):
        made.update(memoryview(body)[start:])
    else:
        made.update(body.blocks[0][start:] + body.rest)
    return made.hexdigest()


def settle_along(body: Body, layout: bytes) -> Settled | None:
    """What lasts of a page in markup, if it is laid out like one before; None where it is not, or may not be.

    Of use only to who knows the earlier page's hash. Where it comes out again, all that counts is the same to
    the letter, and what is set aside, found by what lies round it, is found in these places and no others: so
    `settle` would give the same hash. Another hash says nothing.
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
    return Settled(_hash(pieces), layout=layout)


def _layout(spans: list[_Span]) -> bytes:
    """How long each stretch is that counts, times four, and what follows it: four bytes, little-endian."""
    lengths, position = array("I"), 0
    for start, end, kind in spans:
        lengths.append((start - position) << 2 | kind)
        position = end
    if sys.byteorder == "big":
        lengths.byteswap()
    return lengths.tobytes()


def _apart(spans: list[_Span]) -> list[_Span]:
    """Those that lie in no other."""
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
    # Where something was set aside counts.
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
    """Whether a word begins there, inside a start tag: the same letters in a narrative are a narrative's."""
    if body[position - 1 : position].isalnum():
        return False  # of a cell's token, which may end otherwise next time
    opening = body.rfind(b"<", 0, position)
    return opening > body.rfind(b">", 0, position) and body[opening + 1 : opening + 2].isalpha()
