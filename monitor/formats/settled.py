"""A page with all set aside that differs in every response and is never read: equal hashes, equal readings.

Pure. Only what no reader of pages looks at is set aside, and only where it stands in the site's own shape: a
run of letters and figures inside a tag's attribute, an address of a stylesheet or a script, the settings that
the site's own scripts read, the footer's version, the export's "status as of" stamp. Whatever is not in that
shape counts. So two pages of one hash are read alike, to the letter; the other way round nothing follows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from monitor.formats import gao_csv

_PREAMBLE = 20_000
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


@dataclass(frozen=True, slots=True)
class Settled:
    """The hash of what lasts of a page, and the page's own stamp, where it has one."""

    digest: str
    stamp: datetime | None = None


def settle(body: bytes) -> Settled | None:
    """What lasts of a page in markup or of an export; None for anything else, and for what is packed."""
    if body[:1] == b"<":
        return Settled(_digest(body, sorted(_spans(body))))
    head = body[:_PREAMBLE].decode("latin-1")
    if "\x00" in head or head.startswith("\x1f\x8b"):
        return None
    header = gao_csv.find_header(head)
    if header is None:
        return None
    span = gao_csv.stamp_span(head[: header.start])
    return Settled(_digest(body, [span] if span else []), gao_csv.stamp_of(head[: header.start]))


def _digest(body: bytes, spans: list[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in spans:
        if start >= position:
            pieces.append(body[position:start])
            position = end
    pieces.append(body[position:])
    # No page holds a NUL: where something was set aside counts.
    return sha256(b"\x00".join(pieces)).hexdigest()


def _spans(body: bytes) -> Iterator[tuple[int, int]]:
    start, last = max(body.find(b"<body"), 0), max(body.rfind(b"</table"), 0)
    yield from (found.span(1) for found in _CELL.finditer(body, start))
    yield from (found.span(1) for found in _VIEW.finditer(body, start) if _in_tag(body, found.start()))
    for pattern in (_STYLESHEET, _SETTINGS):
        yield from (found.span(1) for found in pattern.finditer(body, 0, start))
    yield from (found.span(1) for found in _SCRIPT.finditer(body, 0, start))
    for pattern in (_SCRIPT, _VERSION):
        yield from (found.span(1) for found in pattern.finditer(body, max(last, start)))


def _in_tag(body: bytes, position: int) -> bool:
    """Whether a position lies inside a start tag: the same letters in a narrative are a narrative's."""
    opening = body.rfind(b"<", 0, position)
    return opening > body.rfind(b">", 0, position) and body[opening + 1 : opening + 2].isalpha()
