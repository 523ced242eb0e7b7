"""Splits narratives into sentences and words; the pieces joined are the text to the letter.

A piece is a sentence or word with the white space that follows it. Abbreviations ("19 U.S.C. 1592",
"Dr. Lee", "No. 5", "e.g."), figures ("$1.7 million") and closing quotes do not break a sentence.
"""

import re
from functools import lru_cache

# Begins with one set of characters, which the engine looks for fast, and never with white space,
# which would make long runs of it quadratic.
_BREAK = re.compile(
    r"""[.!?\n](?:(?<!\n)["'”’)\]]*\s+(?=["'“‘(\[•]*[A-Z0-9])|(?<=\n)\s*\n\s*|(?<=\n)\s*(?=[•*\-–]|\(?\d{1,2}[.)]))"""
)
_WORD = re.compile(r"\S+\s*|\s+")


def words(text: str) -> frozenset[str]:
    """Read a list of words as a set: word lists are written as one string of them."""
    return frozenset(text.split())


_NEVER = words(
    "mr mrs ms dr prof gen col lt sgt maj adm rep sen gov hon st mt ft no nos sec secs fig figs vol pp p art "
    "pt ch app para eq e.g i.e cf viz al vs v pub l stat fed reg cong ann supp rev ed approx est dept div ex "
    "j m u.s.c c.f.r h.r s h.r s.j h.j ph.d"
)
# These may end a sentence: whether they do is read off the word that follows.
_SOMETIMES = words(
    "u.s u.s.a u.n d.c inc corp co ltd jr sr a.m p.m etc jan feb mar apr jun jul aug sep sept oct nov dec"
)
_STARTERS = words(
    "a according additionally after agency also although an and any as at because before both but by during "
    "each finally first for from further furthermore given he however if in it its moreover no officials on "
    "once other our second several she since some specifically that the their then there these they this "
    "those to under until we when while with"
)
_LONGEST = max(map(len, _NEVER | _SOMETIMES))
_KEPT = 20_000  # characters: none that has come was longer
_STRIP = "\"'“”‘’()[]"


def split_sentences(text: str) -> tuple[str, ...]:
    """Cut into sentences, each with the white space that follows it; "" gives ()."""
    return _split_once(text) if len(text) <= _KEPT else _split(text)


def _split(text: str) -> tuple[str, ...]:
    pieces: list[str] = []
    start = 0
    for match in _BREAK.finditer(text):
        if match.end() > start and _ends_sentence(text, match):
            pieces.append(text[start : match.end()])
            start = match.end()
    if start < len(text):
        pieces.append(text[start:])
    return tuple(pieces)


# The difference and the significance of a change cut the same two narratives.
_split_once = lru_cache(maxsize=8)(_split)


def split_words(text: str) -> tuple[str, ...]:
    """Cut into words, each with the white space that follows it; leading white space is a piece."""
    return tuple(_WORD.findall(text))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    mark = text[match.start()]
    if match.end() == len(text) or mark not in ".?" or match[0].count("\n") > 1:
        return True
    if mark == "?":  # a section sign that an encoding damaged: "19 U.S.C. ? 1592"
        return not text[match.end()].isdigit()
    word = _word_before(text, match.start())
    if len(word) == 1 and word.isalpha() and word.isupper():
        return False  # an initial
    low = word.casefold() if len(word) <= _LONGEST else ""
    if low in _NEVER:
        return False
    if low in _SOMETIMES:
        return _next_word(text, match.end()) in _STARTERS
    return True


def _word_before(text: str, end: int) -> str:
    # A window, so that one endless "word" cannot make the whole quadratic.
    return (text[max(0, end - 24) : end].rsplit(None, 1) or [""])[-1].lstrip(_STRIP)


def _next_word(text: str, start: int) -> str:
    return (text[start : start + 24].split(None, 1) or [""])[0].strip(_STRIP + ",.;:").casefold()
