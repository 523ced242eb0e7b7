"""Removes telephone numbers of directors and contacts before anything is written (promise 5). Pure.

`blank_phones` empties the export's phone columns and removes numbers from a page's contact blocks and `tel:`
links; figures in narratives stay. All other bytes are unchanged, and a second call changes nothing. It never
raises: bytes that are not text are returned as they are.
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
    """Remove telephone numbers from a page in any format and encoding.

    A gzipped body that holds numbers is returned uncompressed.
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
    """Empty the cells of columns named for phones, also in a row that is cut off."""
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
    """Empty cells that are a telephone number and nothing else, in any column."""
    return _leftover(separator).sub(separator, text)


def _cell(separator: str) -> re.Pattern[str]:
    """A cell and its end. Matches at any position without backtracking, so that any text takes one pass."""
    part = re.escape(separator)
    quoted = rf'"(?:[^"]++|"")*+(?:"[^{part}\r\n]*+|\Z)'  # the last one may be cut off
    return re.compile(rf'({quoted}|[^"{part}\r\n][^{part}\r\n]*+|)({part}|\r?\n|\r|\Z)')


def _leftover(separator: str) -> re.Pattern[str]:
    """A cell that is a telephone number and nothing else, in rows whose quoting is damaged."""
    part = re.escape(separator)
    # The separator is matched and not a look-behind: that finds candidates much faster.
    return re.compile(rf'{part}(?:"{_DIGITS}"|{_DIGITS})(?={part})')


def _blank_archive(body: bytes) -> bytes:
    """Blank each text of a web archive; a part without numbers keeps its bytes."""
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
    """A payload in its part's transfer encoding, with the archive's line ends."""
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
