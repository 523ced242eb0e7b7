"""Telephone numbers of directors and contacts are taken out before anything is written (promise 5). Pure.

`blank_phones` empties the export's phone columns and takes numbers out of a page's contact blocks and `tel:`
links; a narrative's own figures stay. All other bytes stay as they are, and doing it twice changes nothing.
It never raises: what is no text comes back as it was.
"""

import binascii
import quopri
import re
from collections.abc import Callable

from monitor.formats.contacts import blank_markup, blank_plain
from monitor.formats.gao_csv import Header, find_header
from monitor.formats.page.decode import inflate, sniff
from monitor.formats.page.errors import NotAPage
from monitor.formats.page.saved import MimePart, is_archive, parts
from monitor.formats.recognise import is_markup
from monitor.record.bodies import Body, whole

PHONE_COLUMN = re.compile(r"phone|fax|\btel\b")
_GAP = r"[-. \u00a0\udca0\u2010-\u2015]"
_DIGITS = rf"\(?\d{{3}}\)?{_GAP}{{0,3}}\d{{3}}{_GAP}{{0,2}}\d{{4}}(?: ?(?:x|ext\.?) ?\d{{1,6}})?"


def blank_phones(body: Body) -> bytes:
    """Take telephone numbers out of the bytes of a page in any of the formats and encodings.

    A gzipped body that holds numbers comes back plain.
    """
    body = whole(body)
    try:
        plain = inflate(body)
    except NotAPage:
        return body
    blanked = _blank_archive(plain) if is_archive(plain) else _blank_text(plain)
    return body if blanked == plain else blanked


def _blank_text(body: bytes) -> bytes:
    start, end, codec, errors = sniff(body)
    try:
        text = body[start:end].decode(codec, errors)
        blanked = _blank(text)
        return body if blanked == text else body[:start] + blanked.encode(codec, errors) + body[end:]
    except UnicodeError:
        return body


def _blank(text: str) -> str:
    if is_markup(text):
        return blank_markup(text)
    if header := find_header(text):
        return _blank_columns(text, header)
    return blank_plain(text)


def _blank_columns(text: str, header: Header) -> str:
    """Empty the cells of the columns named for phones, in whole rows and in one that is cut off."""
    columns = {at for at, name in enumerate(header.names) if PHONE_COLUMN.search(name)}
    if not columns:
        return text
    kept: list[str] = [text[: header.end]]
    position, column = header.end, 0
    for cell in _cell(header.separator).finditer(text, header.end):
        if column in columns and cell[1].strip('" '):
            kept.append(text[position : cell.start(1)])
            position = cell.end(1)
        column = column + 1 if cell[2] == header.separator else 0
    kept.append(text[position:])
    return without_leftovers("".join(kept), header.separator)


def without_leftovers(text: str, separator: str) -> str:
    """Take out cells that are a telephone number and nothing else, in whatever column."""
    return _leftover(separator).sub(separator, text)


def _cell(separator: str) -> re.Pattern[str]:
    """A cell and what ends it. Fits anywhere and never goes back, so that any text is read in one pass."""
    part = re.escape(separator)
    quoted = rf'"(?:[^"]++|"")*+(?:"[^{part}\r\n]*+|\Z)'  # the last one may be cut off
    return re.compile(rf'({quoted}|[^"{part}\r\n][^{part}\r\n]*+|)({part}|\r?\n|\r|\Z)')


def _leftover(separator: str) -> re.Pattern[str]:
    """A cell that is a telephone number and nothing else, in rows whose quoting is damaged."""
    part = re.escape(separator)
    # The separator before it is no look-behind: a text's separators are found far faster than its cells.
    return re.compile(rf'{part}(?:"{_DIGITS}"|{_DIGITS})(?={part})')


def _blank_archive(body: bytes) -> bytes:
    """Blank each text of a web archive; a part that holds no number keeps its bytes."""
    pieces: list[bytes] = []
    position = 0
    for part in parts(body):
        if not part.content_type.startswith("text/") and "html" not in part.content_type:
            continue
        payload = part.payload(body)
        blanked = _blank_text(payload)
        if blanked != payload:
            pieces += [body[position : part.start], _encoded(part, blanked, body)]
            position = part.end
    return b"".join([*pieces, body[position:]])


def _encoded(part: MimePart, payload: bytes, body: bytes) -> bytes:
    """A payload under its part's transfer encoding, lines ended as the archive ends them."""
    ending = b"\r\n" if body[part.start : part.end].find(b"\r\n") >= 0 else b"\n"
    encode = _ENCODERS.get(part.transfer)
    return encode(payload).replace(b"\r\n", b"\n").replace(b"\n", ending) + ending if encode else payload


def _base64(payload: bytes) -> bytes:
    line = 57  # 76 characters
    return b"".join(binascii.b2a_base64(payload[at : at + line]) for at in range(0, len(payload), line))


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _base64,
    "quoted-printable": quopri.encodestring,
}
