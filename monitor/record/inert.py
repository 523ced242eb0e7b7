"""Makes text from pages, files and errors inert, one function for each kind of output. Pure.

Nothing in it may move a terminal's cursor, turn a line around, hide, or be run as a formula by a spreadsheet.
"""

import re

_REPLACED = "\ufffd"
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Control characters, direction marks, overrides and isolates, invisible tags, lone surrogates.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb"
    r"\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]"
)
_NOT_IN_A_LINE = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]|" + _UNSAFE.pattern)
# What begins a formula at the beginning of a cell, also of one that begins after another separator than ours:
# a spreadsheet that separates by semicolons does not heed our quotes.
_FORMULA = re.compile(r"((?:\A|[;|\t\n])[ \t\"']{0,50})(?=[=+\-@＝＋－＠])")


def inert(text: str) -> str:
    """For a terminal, several lines: line ends are newlines, tabs stay."""
    return _UNSAFE.sub(_REPLACED, _LINE_ENDS.sub("\n", text))


def inert_line(text: str) -> str:
    """For a terminal, one line: a space for each line end and tab."""
    return inert(text).replace("\n", " ").replace("\t", " ")


def inert_log(text: str) -> str:
    r"""For a log: as an escape, `\x1b`; line feeds stay, which are the log's own matter."""
    return _NOT_IN_A_LINE.sub(lambda found: "\n" if found[0] == "\n" else ascii(found[0])[1:-1], text)


def inert_cell(text: str) -> str:
    """For a cell of CSV: an apostrophe before what a spreadsheet would run."""
    return _FORMULA.sub(r"\1'", inert(text))


def inert_json(text: str) -> str:
    """For JSON that is encoded already: escaped, so that its value stays the same."""
    return _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
