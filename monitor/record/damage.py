"""Repairs text that was decoded or encoded wrongly: for comparison only, never for what is stored or shown.

Pure. Damage is repaired where it can be told from real words; anything ambiguous is left alone, so that two
different texts never become one.
"""

import html
import re

_NAMED = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_NESTED = re.compile(r"&(?:amp;)+")
_ENTITY_ROUNDS = 3  # "&amp;#167;" needs two


def _window_bytes() -> dict[str, int]:
    """Every character that a byte from 0x80 on becomes when read as windows-1252 or Latin-1."""
    table = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        try:
            table[bytes([byte]).decode("cp1252")] = byte
        except UnicodeDecodeError:  # five bytes have no meaning there
            continue
    return table


_BYTES = _window_bytes()
_TAIL = "[" + "".join(re.escape(char) for char, byte in _BYTES.items() if byte < 0xC0) + "]"
_TWICE_READ = re.compile(f"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}}")
# The last byte of a closing quote is undefined in windows-1252 and is often lost.
_HALF_QUOTE = re.compile("\u00e2\u20ac(?:\ufffd|\\?)?")
_LONE_LEAD = re.compile(r"\u00c2(?=[\s.,;:)]|$)")  # a no-break space whose second byte became a plain one
_MAC_ROMAN = {
    "\u201a\u00c4\u00f4": "'",
    "\u201a\u00c4\u00f2": "'",
    "\u201a\u00c4\u00fa": '"',
    "\u201a\u00c4\u00f9": '"',
    "\u201a\u00c4\u00ec": "-",
    "\u201a\u00c4\u00ee": "-",
    "\u201a\u00c4\u00b6": "...",
    "\u00ac\u00df": "\u00a7",
    "\u00ac\u2020": " ",
}
# Replaced first: read as UTF-8, the last two characters of an ellipsis would be a letter. After U+201A the
# others belong to a euro sign.
_MAC_MARK = re.compile("\u201a\u00c4.|(?<!\u201a)\u00ac[\u00df\u2020]")
_SUSPECT = re.compile("[\u0080-\u009f\u00ac\u00c2-\u00f4\u201a]")
_CONTROLS = {
    byte: bytes([byte]).decode("cp1252", errors="replace") for byte in range(0x80, 0xA0) if byte != 0x85
}

_CITED = r"U\.\s?S\.\s?C\.|\bUSC|C\.\s?F\.\s?R\.|\bCFR"
# A question mark follows a word directly: one between a space and a figure, or after the name of a code, was
# a section sign.
_SECTION = re.compile(r"(?:(?<=[\s(])|^)[?\ufffd]{1,4}(?=\s{0,4}\d)")
_SECTION_AFTER_CODE = re.compile(rf"((?:{_CITED})\s?)[?\ufffd]{{1,4}}(?=\s{{0,4}}\d)")
# Begins where white space begins: a long run without a section sign is searched once, not from each place.
_SECTION_SPACING = re.compile(r"(?<!\s)\s*\u00a7[\u00a7\s]*")
_CONTRACTION = re.compile(r"(?<=[A-Za-z])[?\ufffd]{1,3}(?=(?:s|t|re|ve|ll|d|m)\b(?![=&]))")
_LOST = re.compile(r"\ufffd+")


def unescape(text: str) -> str:
    """Resolve entities left in a text, also those escaped twice."""
    for _ in range(_ENTITY_ROUNDS):
        if "&" not in text:
            break
        flat = _NESTED.sub("&", text)
        mended = _NAMED.sub(lambda match: html.unescape(match[0]), flat)
        if mended == text:
            break
        text = mended
    return text


def _read_again(match: re.Match[str]) -> str:
    try:
        char = bytes(_BYTES[char] for char in match[0]).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]
    code = ord(char)
    # Only what English texts hold: accented letters, punctuation, symbols, the byte order mark.
    plausible = code < 0x180 or 0x2000 <= code < 0x2300 or code in (0xFEFF, 0xFFFD)
    return char if plausible else match[0]


def reread(text: str) -> str:
    """Repair UTF-8 that was decoded as windows-1252, Latin-1 or Mac Roman, up to twice over."""
    if not _SUSPECT.search(text):
        return text
    text = _MAC_MARK.sub(lambda mark: _MAC_ROMAN.get(mark[0], mark[0]), text)
    for _ in range(2):
        mended = _TWICE_READ.sub(_read_again, text)
        if mended == text:
            break
        text = mended
    text = _LONE_LEAD.sub("", _HALF_QUOTE.sub('"', text))
    return text.translate(_CONTROLS)


def _guess_lost(match: re.Match[str]) -> str:
    """The character in place of U+FFFD: a dash between letters or between spaces, else a quote."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if before.isalnum() and after.isalnum():
        return "-"
    if before.isspace() and after.isspace():
        return "-"
    return '"'


def mend_marks(text: str) -> str:
    """Put back section signs and apostrophes that became `?` or U+FFFD, and space section signs alike."""
    if "?" in text or "\ufffd" in text:
        text = _SECTION_AFTER_CODE.sub("\\1\u00a7", text)
        text = _SECTION.sub("\u00a7", text)
        text = _CONTRACTION.sub("'", text)
        text = _LOST.sub(_guess_lost, text)
    if "\u00a7" in text:
        text = _SECTION_SPACING.sub(" \u00a7", text)
    return text
