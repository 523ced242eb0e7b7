"""Pages that a browser saved: web archives (MHTML), and the address noted in a saved page. Pure."""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from itertools import islice

from monitor.formats.page.errors import SAVE_AGAIN, NotAPage

_HEAD_LIMIT = 16_384
_MAX_PARTS = 2_000
_MAX_DEPTH = 3
_MAX_HEADERS = 20
_CONTENT_HEADER = re.compile(rb"^content-[a-z-]{1,40}:.*\n?(?:[ \t].*\n?)*", re.IGNORECASE | re.MULTILINE)
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d{1,6}\)(\S{1,2000}?)\s*-->", re.IGNORECASE)
_SINGLE_FILE = re.compile(r"<!--\s*Page saved with SingleFile\s+url:\s*(\S{1,2000})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MimePart:
    """A leaf of a web archive: where its encoded content is in the file, and how it is encoded."""

    start: int
    end: int
    content_type: str
    charset: str | None
    transfer: str
    location: str | None

    def payload(self, body: bytes) -> bytes:
        """The content without its transfer encoding."""
        raw = body[self.start : self.end]
        if self.transfer == "base64":
            clean = re.sub(rb"[^A-Za-z0-9+/=]", b"", raw)
            try:
                return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
            except binascii.Error:
                return b""
        return quopri.decodestring(raw) if self.transfer == "quoted-printable" else raw


def is_archive(body: bytes) -> bool:
    """Whether a file is a web archive: it begins with mail headers, among them a multipart type."""
    head = body[:_HEAD_LIMIT].lstrip()[:4096].lower()
    return (
        bool(re.match(rb"[a-z][a-z0-9-]{1,40}:[^\n]*\n", head))
        and b"content-type:" in head
        and (b"multipart/" in head or b"mime-version:" in head)
    )


def parts(body: bytes) -> list[MimePart]:
    """The leaves of a web archive in order."""
    return list(_leaves(body, 0, len(body), 0, iter(range(_MAX_PARTS))))


def _leaves(body: bytes, start: int, end: int, depth: int, left: Iterator[int]) -> Iterator[MimePart]:
    if next(left, None) is None:
        return
    headers, content = _headers(body, start, end)
    boundary = headers.get_boundary()
    if headers.get_content_maintype() == "multipart" and boundary and depth < _MAX_DEPTH:
        mark = b"--" + boundary.encode("utf-8", "replace")
        for first, last in _between(body, content, end, mark):
            yield from _leaves(body, first, last, depth + 1, left)
        return
    yield MimePart(
        start=content,
        end=end,
        content_type=headers.get_content_type(),
        charset=headers.get_content_charset(),
        transfer=str(headers.get("Content-Transfer-Encoding", "")).strip().lower(),
        location=str(headers["Content-Location"]).strip() if headers["Content-Location"] else None,
    )


def _headers(body: bytes, start: int, end: int) -> tuple[Message, int]:
    window = body[start : min(end, start + _HEAD_LIMIT)]
    blank = re.search(rb"\r?\n\r?\n", window)
    head = window[: blank.start()] if blank else window
    wanted = b"".join(found[0] for found in islice(_CONTENT_HEADER.finditer(head), _MAX_HEADERS))
    message = BytesParser(policy=compat32).parsebytes(wanted + b"\n\n", headersonly=True)
    return message, start + (blank.end() if blank else len(window))


def _between(body: bytes, start: int, end: int, mark: bytes) -> Iterator[tuple[int, int]]:
    """The ranges between boundary lines."""
    opened: int | None = None
    for line in re.finditer(rb"^" + re.escape(mark) + rb"(--)?[ \t]*\r?$\n?", body[start:end], re.MULTILINE):
        if opened is not None:
            yield opened, start + line.start()
        opened = start + line.end()
        if line[1]:
            return
    if opened is not None:
        yield opened, end


def page_part(body: bytes) -> MimePart:
    """The page itself inside a web archive: its first HTML part, else its first text."""
    leaves = parts(body)
    for wanted in ("text/html", "application/xhtml+xml", "text/plain", "text/csv"):
        for part in leaves:
            if part.content_type == wanted and part.end > part.start:
                return part
    raise NotAPage("the web archive holds no page", SAVE_AGAIN)


def noted_address(text: str) -> str | None:
    """The address that a browser wrote into the page it saved."""
    head = text[:20_000]
    found = _SAVED_FROM.search(head) or _SINGLE_FILE.search(head)
    return found[1] if found else None
