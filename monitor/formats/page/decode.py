"""Bytes to text: compression, encodings, and the refusal of what is not text. Pure.

`sniff` finds a codec that restores the same bytes, for editing; `decode` gives the text that a person would
read.
"""

import codecs
import re
import zlib

from monitor.formats.page.errors import NotAPage

MAX_BYTES = 64 * 10**6
_GZIP = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PAGE_HINT = 'save the page as "Web page, HTML only"'
_BINARY = (
    (b"PK\x03\x04", "a workbook or an archive", "save the download itself, not a workbook made of it"),
    (b"\xd0\xcf\x11\xe0", "a workbook or document of an office program", "save the download itself"),
    (b"%PDF", "a PDF", _PAGE_HINT),
    (b"bplist", "a web archive of Safari", 'save the page as "Page Source"'),
    (b"\x89PNG", "a picture", _PAGE_HINT),
    (b"\xff\xd8\xff", "a picture", _PAGE_HINT),
    (b"GIF8", "a picture", _PAGE_HINT),
    (b"RIFF", "a picture or a recording", _PAGE_HINT),
    (b"7z\xbc\xaf", "an archive", "unpack it first"),
    (b"BZh", "an archive", "unpack it first"),
    (b"\xfd7zXZ", "an archive", "unpack it first"),
    (b"(\xb5/\xfd", "an archive", "unpack it first"),
)
_DECLARED = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_SAMPLE = 4096


def inflate(body: bytes, limit: int = MAX_BYTES) -> bytes:
    """Undo gzip where a body begins like it; NotAPage where it is cut off or larger than `limit` bytes."""
    if not body.startswith(_GZIP):
        return body
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, limit)
    except zlib.error:
        raise NotAPage("the compressed file is damaged", "download it again") from None
    if not reader.eof:
        cut = "is cut off" if not reader.unconsumed_tail else "holds more than a page can"
        raise NotAPage(f"the compressed file {cut}", "download it again")
    return plain


def inflate_some(head: bytes, limit: int) -> bytes:
    """The beginning of a body, decompressed; NotAPage where the compressed data are damaged."""
    if not head.startswith(_GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, limit)
    except zlib.error:
        raise NotAPage("the compressed file is damaged", "download it again") from None


def sniff(body: bytes) -> tuple[int, int, str, str]:
    """Where a body's text begins and ends, and the codec and error handler that restore its bytes."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return len(mark), *_exact(len(body), len(mark), codec)
    return 0, *_exact(len(body), 0, _wide(body[:_SAMPLE]) or "utf-8")


def _exact(length: int, start: int, codec: str) -> tuple[int, str, str]:
    if codec == "utf-8":
        return length, codec, "surrogateescape"  # bytes that are no UTF-8 pass through
    width = 4 if codec.startswith("utf-32") else 2
    return length - (length - start) % width, codec, "surrogatepass"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a byte order mark: in English every other byte is zero."""
    even, odd = sample[0::2], sample[1::2]
    if len(odd) >= 2 and odd.count(0) > 0.6 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if len(odd) >= 2 and even.count(0) > 0.6 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def decode(body: bytes, declared: str | None = None) -> str:
    """The text of a body, lines ended by a line feed, without a byte order mark.

    `declared` is a content type or a bare charset. NotAPage for what is empty or not text.
    """
    if not body.strip(b"\x00\t\r\n\x0b\x0c "):
        raise NotAPage("the page is empty", "fetch it again")
    for magic, what, hint in _BINARY:
        if body.startswith(magic):
            raise NotAPage(f"this is {what}, not a page", hint)
    text = _decode(body, declared)
    if "\x00" in text[:_SAMPLE]:
        raise NotAPage("this is not text")
    if not text.strip("\ufeff\u200b\u00a0 \t\r\n"):
        raise NotAPage("the page is empty", "fetch it again")
    return with_plain_lines(text.removeprefix("\ufeff")).replace("\x00", "")


def with_plain_lines(text: str) -> str:
    """A text with line feeds as line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(body: bytes, declared: str | None) -> str:
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    if wide := _wide(body[:_SAMPLE]):
        return body.decode(wide, "replace")
    if _is_utf8(body):
        return body.decode("utf-8")
    named = _declared_codec(declared) or _declared_codec(body[:_SAMPLE].decode("latin-1"))
    if named:
        return body.decode(named, "replace")
    return _mostly_utf8(body) or _western(body)


def _declared_codec(text: str | None) -> str | None:
    """A declared single-byte encoding. Of a page that wrongly declares UTF-8 the bytes decide."""
    found = _DECLARED.search(text or "")
    name = found[1] if found else (text or "")
    try:
        codec = codecs.lookup(name.strip()).name if len(name) <= 40 else ""
    except (LookupError, ValueError):
        return None
    if codec in ("iso8859-1", "ascii", "cp1252"):
        return None  # browsers read all three as windows-1252, which comes last here
    return codec if re.fullmatch(r"iso8859-\d{1,2}|cp125\d|mac-roman|koi8-r", codec) else None


def _mostly_utf8(body: bytes) -> str | None:
    """The text of UTF-8 with a few bytes damaged or its end cut off; None for anything else."""
    text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", "ignore")) - damaged
    return text if sound > 2 * damaged else None


def _western(body: bytes) -> str:
    """The text of windows-1252 or Mac Roman; undefined bytes become the controls that they are in Latin-1."""
    if _count(body, _MAC_MARKS) > _count(body, _WINDOWS_MARKS):
        return body.decode("mac-roman")
    return body.decode("latin-1").translate(_WINDOWS)


# Quotes, dashes, ellipsis, no-break space and section sign, in either encoding.
_MAC_MARKS = b"\xc9\xca\xd0\xd1\xd2\xd3\xd4\xd5\xa4"
_WINDOWS_MARKS = b"\x85\x91\x92\x93\x94\x96\x97\xa0\xa7"


def _count(body: bytes, marks: bytes) -> int:
    return len(body) - len(body.translate(None, marks))


def _windows() -> dict[int, str]:
    return {byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0xA0)}


_WINDOWS = {byte: char for byte, char in _windows().items() if char != "\ufffd"}
