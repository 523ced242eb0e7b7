"""Recognises texts that lost their end on the way, and fields that a page does not show. Pure.

Such a field says nothing: what is known of it stays, and the rest of the row is compared as ever.
"""

import re
from dataclasses import replace

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
    """A row with the known narrative or text in place of one that is cut."""
    if is_cut(narrative, row.narrative):
        row = replace(row, narrative=narrative, fingerprint=folding.fingerprint(narrative))
    if is_cut(folding.without_number(text), folding.without_number(row.text)):
        row = replace(row, text=text)
    return row
