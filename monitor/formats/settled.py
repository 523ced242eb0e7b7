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
_TOKEN = re.compile(rb"[0-9A-Za-z]+")
_ADDRESS = re.compile(rb"[^\"<>]*")
_SETTINGS = re.compile(rb"[^<>]*")
_VERSION = re.compile(rb"\s*v?[0-9][0-9A-Za-z.+-]*\s*(?=</div)")
_IN_TAGS = (b"js-view-dom-id-", b"table-column-")
_STYLESHEET = b'<link rel="stylesheet" media="all" href="'
_SCRIPT = b'<script src="'
_JSON = b'<script type="application/json" data-drupal-selector="drupal-settings-json">'
_FOOTER = (b"<div class='version'>", b'<div class="version">')


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
    made, view, position = sha256(), memoryview(body), 0
    for start, end in spans:
        if start < position:
            continue
        made.update(view[position:start])
        made.update(b"\x00")  # no page holds one: where something was set aside counts
        position = end
    made.update(view[position:])
    return made.hexdigest()


def _spans(body: bytes) -> Iterator[tuple[int, int]]:
    start = max(body.find(b"<body"), 0)
    for mark in _IN_TAGS:
        yield from (span for span in _runs(body, mark, _TOKEN, start) if _in_tag(body, span[0]))
    yield from _runs(body, _STYLESHEET, _ADDRESS, 0, start)
    yield from (span for span in _runs(body, _JSON, _SETTINGS, 0) if body.startswith(b"</script>", span[1]))
    yield from (
        span for span in _runs(body, _SCRIPT, _ADDRESS, 0) if body.startswith(b'"></script>', span[1])
    )
    for mark in _FOOTER:
        yield from _runs(body, mark, _VERSION, body.rfind(b"</table"))


def _runs(
    body: bytes, mark: bytes, run: re.Pattern[bytes], start: int, end: int | None = None
) -> Iterator[tuple[int, int]]:
    """What follows each mark and fits the pattern."""
    limit = len(body) if end is None else end
    position = body.find(mark, max(start, 0), limit)
    while position >= 0:
        first = position + len(mark)
        found = run.match(body, first)
        last = found.end() if found else first
        if last > first:
            yield first, last
        position = body.find(mark, last, limit)


def _in_tag(body: bytes, position: int) -> bool:
    """Whether a position lies inside a start tag: the same letters in a narrative are a narrative's."""
    opening = body.rfind(b"<", 0, position)
    return opening > body.rfind(b">", 0, position) and body[opening + 1 : opening + 2].isalpha()
