"""Words without which a pattern cannot match: to look for them costs a tenth of what the pattern does.

A gate may let a text pass that its pattern then refuses, and never holds back one that it would match.
"""

from collections.abc import Iterable


def lowered(text: str) -> str:
    """A text in lower case as patterns that ignore the case see it: to them "\u017f" is s, "\u0131" is i."""
    low = text.lower()
    if low.isascii():
        return low
    return low.replace("\u017f", "s").replace("\u0131", "i").replace("i\u0307", "i")


def has_any(text: str, parts: Iterable[str]) -> bool:
    """Whether any of the parts stands in the text."""
    for part in parts:  # noqa: SIM110 (a generator for any() costs more than what it looks for)
        if part in text:
            return True
    return False
