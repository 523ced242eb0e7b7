"""Recognises texts that lost their end or some characters on the way. Pure.

Such damage says nothing: what is known stays in its place, and the rest of the row is compared as ever.
"""

import re
from dataclasses import replace
from functools import lru_cache

from monitor.record import folding
from monitor.record.values import Recommendation

_MORE = r"[\[(]?(?:read|show|see|view|learn) (?:more|all)\b[\])]?"
_ABRIDGED = re.compile(
    rf"(?:[\[(]?(?:\.\.\.|\u2026)[\])]?\s*(?:{_MORE})?|{_MORE})\s*[\u00bb\u203a>]*\Z", re.IGNORECASE
)
_WINDOW = 40  # characters at the end, longer than any "… Read more"
_PARTIAL = re.compile(r"(?:&#?[A-Za-z0-9]{0,10}|\ufffd{1,4})\Z")
_SENTENCE_ENDS = tuple(".!?:;)]\"'")


def is_cut(old: str, new: str) -> bool:
    """Whether a text is the beginning of the old one, cut within a word or a sentence, or abridged.

    Also its end, cut within a word. Nobody edits a text so.
    """
    bare = _PARTIAL.sub("", new.rstrip())
    before, after = folding.fold(old), folding.fold(bare)
    mark = _ABRIDGED.search(after, max(0, len(after) - _WINDOW))
    stem = after[: mark.start()].rstrip() if mark else after
    if not stem or len(stem) >= len(before):
        return False
    if not before.startswith(stem):
        return before.endswith(stem) and stem[0].isalnum() and before[-len(stem) - 1].isalnum()
    following = before[len(stem)]
    within_word = stem[-1].isalnum() and following.isalnum()
    within_sentence = before.endswith(_SENTENCE_ENDS) and not stem.endswith(_SENTENCE_ENDS)
    marked = mark is not None or len(bare) < len(new.rstrip())
    return within_word or marked or (within_sentence and following not in _SENTENCE_ENDS)


def restored(row: Recommendation, narrative: str, text: str) -> Recommendation:
    """A row with the known narrative or text in place of one that is cut, and lost characters put back."""
    if row.fingerprint != folding.fingerprint(narrative):
        shown = with_lost_characters(narrative, row.narrative)
        if is_cut(narrative, shown):
            shown = narrative
        if shown != row.narrative:
            row = replace(row, narrative=shown, fingerprint=folding.fingerprint(shown))
    if folding.fold_text(text) == folding.fold_text(row.text):
        return row
    shown = with_lost_characters(text, row.text)
    if is_cut(folding.without_number(text), folding.without_number(shown)):
        shown = text
    return replace(row, text=shown) if shown != row.text else row


# What spreadsheets write for a character that their plain CSV cannot hold, by the encoding of that CSV.
_REPLACEMENTS = (("cp1252", "?"), ("mac-roman", "?"), ("mac-roman", "_"))
_WORD = re.compile(r"[A-Za-z0-9]{2}")  # enough of a word to know it by
_SPACES = re.compile(r"([ \n]+)")


def with_lost_characters(old: str, new: str) -> str:
    """Put back words of the old text that the new one has with characters replaced by a mark.

    Also the other way round: where the old text has the marks and the new one the characters, they stay.
    """
    if old.isascii() and new.isascii():
        return new
    olds, news = _SPACES.split(old), _SPACES.split(new)
    have = set(olds)
    known = {lossy: word for word in have if not word.isascii() for lossy in _lossy(word)}
    return "".join(_known_word(word, have, known) for word in news)


def _known_word(word: str, have: set[str], known: dict[str, str]) -> str:
    if word in have:
        return word
    if word in known:
        return known[word]
    return next((lossy for lossy in _lossy(word) if lossy in have), word) if not word.isascii() else word


def _lossy(word: str) -> set[str]:
    """What a word becomes in spreadsheets' plain CSV, where it loses something."""
    if not _WORD.search(word):
        return set()
    return {_replaced(word, codec, mark) for codec, mark in _REPLACEMENTS} - {word}


def _replaced(word: str, codec: str, mark: str) -> str:
    return "".join(char if _can_hold(codec, char) else mark for char in word)


@lru_cache(maxsize=2_000)
def _can_hold(codec: str, char: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
