"""Whether two narratives say the same, or differ only in the date on which GAO last looked."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property, lru_cache
from typing import NamedTuple

from monitor.record.folding import fold
from workers.meaning.sentences import split_sentences, words
from workers.meaning.significance.comparison.acronyms import shorten
from workers.meaning.significance.comparison.paraphrase import may_be_reworded, reworded
from workers.meaning.significance.comparison.passages import PAST, is_role, quantified
from workers.meaning.significance.comparison.typos import is_typo
from workers.meaning.significance.reading.actors import NAMES, Own
from workers.meaning.significance.reading.boilerplate import is_stock
from workers.meaning.significance.reading.dates import Mention, find_dates
from workers.meaning.significance.reading.prefilters import has_any, lowered
from workers.meaning.significance.reading.review_dates import UNTIL, ends_with, is_by, is_review
from workers.meaning.significance.reading.wordforms import TOKEN, is_past, lemma


class Sameness(Enum):
    """How far two narratives agree."""

    SAME = "same"
    REDATED = "redated"
    OTHER = "other"


_DROPPED = words(
    "a an the this that these those our its their also additionally furthermore moreover however further "
    "now "
    "currently recently still is are was were be been being has have had in on at of to with it they "
    "them he she "
    "us which there as by from for and or but did does do remain remains continue continues "
    "agency officials it's "
    "official us addition then"
)
# Of these, "to", "of" and the like only join; but what is said by, to or for whom must not be lost.
_KEPT = words("by for from or but")
_CONTRACTIONS = re.compile(
    r"\b(can|could|did|do|does|had|has|have|is|are|was|were|would|should|wo)n['’]t\b", re.IGNORECASE
)
_NOT_AGREE = re.compile(
    r"\b(?:did|does|do) not (?:concur|agree)\b|\bnon-?concurred\b|\bdisagree[sd]?\b", re.IGNORECASE
)
_PHRASES = {
    "concurred in part": "partially concurred",
    "agreed in part": "partially concurred",
    "stated its concurrence": "concurred",
    "look at": "examine",
    "looking at": "examining",
    "in the process of": "",
    "in order to": "to",
    "as well as": "and",
    "not yet": "not",
}
_JOINING = (*UNTIL, "in", "on", "during", "at", "of")
_JOIN = re.compile(
    r"(?:,?\s*\b(?:in|on|by|during|at|of|before|until|no later than|not later than|as of)\s+(?:the\s+)?)$",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"^(?:[Tt]he|[Tt]his) (?:department|agency|bureau|service|commission|board|administration)(?=\s)"
)


def compare(old: str, new: str, own: Own = frozenset) -> Sameness:
    """Hold two narratives against each other by what they say. `own` gives the names of the agency."""
    before, after = fold(old), fold(new)
    one, other = _Reading(before, after), _Reading(after, before)
    # Whatever the words are, other dates say something else; words are read only where they decide.
    every, every_other = sorted(one.dates + one.looked), sorted(other.dates + other.looked)
    if every != every_other and sorted(one.dates) != sorted(other.dates):
        return Sameness.OTHER
    if one.is_letter_for_letter(other) or (
        (one.says(other) or one.means(other, own)) and not one.contradicts(other)
    ):
        return Sameness.SAME if every == every_other else Sameness.REDATED
    return Sameness.OTHER


_IN_ORDER = 0.7  # of the words of two passages, that stand in one order


class Plain(NamedTuple):
    """A sentence in canonical form: its words, its dates, and the words as spelled."""

    words: tuple[str, ...]
    dates: tuple[str, ...]
    spelled: tuple[str, ...]


class _Reading:
    """A folded narrative as its words in canonical form, sentence by sentence, stock sentences left out."""

    def __init__(self, text: str, beside: str) -> None:
        folded = _spell_out(shorten(text, beside))
        self.dates: list[str] = []
        self.looked: list[str] = []
        self._plain: list[tuple[str, tuple[str, ...]]] = []
        for sentence in split_sentences(folded):
            if not is_stock(sentence):
                self._add(sentence.rstrip())

    def _add(self, sentence: str) -> None:
        plain: list[str] = []
        dates: list[str] = []
        position = 0
        for mention in find_dates(sentence):
            ahead = sentence[position : mention.start]
            joined = ends_with(ahead, _JOINING) and _JOIN.search(ahead)
            plain.append(ahead[: joined.start()] if joined else ahead)
            position = mention.stop
            if is_review(sentence, mention):
                self.looked.append(_date_token(sentence, mention))
            else:
                dates.append(_date_token(sentence, mention))
        plain.append(sentence[position:])
        self.dates += dates
        self._plain.append((" ".join(plain).lstrip(" ,"), tuple(dates)))

    @cached_property
    def sentences(self) -> tuple[Plain, ...]:
        """Those that say anything."""
        found = ((tuple(_tokens(_HEAD.sub("", text))), dates) for text, dates in self._plain)
        return tuple(
            Plain(tuple(form for form, _ in line), dates, tuple(word for _, word in line))
            for line, dates in found
            if line or dates
        )

    def says(self, other: "_Reading") -> bool:
        """Whether both say the same: sentence by sentence, in any order, or run together."""
        mine, others = self.sentences, other.sentences
        if len(mine) == len(others) and all(map(_same_sentence, mine, others)):
            return True
        # A sentence cut in two, or two run together.
        if _joined([line[:2] for line in mine]) == _joined([line[:2] for line in others]):
            return True
        if not _one_subject(mine, others):
            return sorted(line[:2] for line in mine) == sorted(line[:2] for line in others)
        bare, bare_other = [_bare(line) for line in mine], [_bare(line) for line in others]
        return sorted(bare) == sorted(bare_other) or _joined(bare) == _joined(bare_other)

    def means(self, other: "_Reading", own: Own) -> bool:
        """Whether both say the same in other words."""
        mine, others = self.sentences, other.sentences
        if not may_be_reworded((line.words for line in mine), (line.words for line in others)):
            return False
        return _dated_alike(mine, others) and reworded(self._told(), other._told(), own())

    def is_letter_for_letter(self, other: "_Reading") -> bool:
        """Whether both have the same words in the same order, whatever their dates."""
        return self.sentences == other.sentences and self._told().split() == other._told().split()

    def contradicts(self, other: "_Reading") -> bool:
        """Whether the same words say how many, or how much, of other things."""
        return quantified(self._told()) != quantified(other._told())

    def _told(self) -> str:
        return ". ".join(text for text, _ in self._plain)


def _dated_alike(one: Sequence[Plain], other: Sequence[Plain]) -> bool:
    """Whether each of several dates stands by the same words; in the same order where a sentence has two."""
    mine, others = (
        [(when, set(line.words)) for line in lines for when in line.dates] for lines in (one, other)
    )
    if len({when for when, _ in mine}) < 2:
        return True
    if any(len(set(line.dates)) > 1 for line in (*one, *other)):
        first, second = ([word for line in lines for word in line.words] for lines in (one, other))
        same = [when for when, _ in mine] == [when for when, _ in others]
        return same and _in_order(first, second)
    for when, said in mine:
        shared = {date: len(said & words) for date, words in others}
        if shared.get(when, 0) < max(shared.values(), default=0):
            return False
    return True


def _is_name(word: str) -> bool:
    return (word.isupper() and len(word) > 1) or word in NAMES


def _one_subject(one: Sequence[Plain], other: Sequence[Plain]) -> bool:
    """Whether all sentences of both have one subject, which may be left out of some."""
    names = {line.words[0] for line in (*one, *other) if line.words and _is_name(line.words[0])}
    return len(names) == 1


def _bare(line: Plain) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words_of = line.words
    return (words_of[1:] if words_of and _is_name(words_of[0]) else words_of), line.dates


def _joined(lines: Sequence[tuple[tuple[str, ...], tuple[str, ...]]]) -> tuple[list[str], list[str]]:
    """All words in reading order, and the dates with the number of words before the end of their sentence."""
    tokens: list[str] = []
    dates: list[str] = []
    for words_of, dates_of in lines:
        tokens.extend(words_of)
        dates.extend(f"{len(tokens)}:{when}" for when in dates_of)
    return tokens, dates


def _same_sentence(one: Plain, other: Plain) -> bool:
    if sorted(one.dates) != sorted(other.dates):
        return False
    if one.words == other.words or _active(one.words) == _active(other.words):
        return True
    if _rearranged(one, other):
        return True
    return len(one.words) == len(other.words) and all(
        map(_same_word, one.words, other.words, one.spelled, other.spelled)
    )


def _rearranged(first: Plain, second: Plain) -> bool:
    """Whether the same words stand in another order, as when a clause or a date moves within its sentence.

    A negation stays with the word that it denies; who comes before whom stays, but in the passive.
    """
    one, other = first.words, second.words
    if len(one) < _SENTENCE or _unordered(one) != _unordered(other):
        return False
    figures, figures_too = ([word for word in line if word[0].isdigit()] for line in (one, other))
    names, names_too = ([word for word in line if _is_name(word)] for line in (one, other))
    passive = one.count("by") != other.count("by")
    if len(set(first.dates)) > 1 and not _in_order(one, other):
        return False
    roles, roles_too = ([word for word in line.spelled if is_role(word)] for line in (first, second))
    return figures == figures_too and (passive or (names == names_too and roles == roles_too))


def _in_order(one: Sequence[str], other: Sequence[str]) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _IN_ORDER


_SENTENCE = 4  # words: fewer say too little to be told from another sentence


def _unordered(tokens: tuple[str, ...]) -> list[str]:
    merged: list[str] = []
    denied = False
    for token in tokens:
        if token in {"not", "no", "never"}:
            denied = True
            continue
        merged.append(f"not {token}" if denied else token)
        denied = False
    loose = {"by", "for", "from"} | ({"will", "would"} if {"expect", "plan"} & set(merged) else set())
    return sorted(token for token in merged if token not in loose)


def _active(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """Turn "instruction issu+ed by DOD" into "DOD issu+ed instruction"."""
    if tokens.count("by") != 1:
        return tokens
    at = tokens.index("by")
    verb = at - 1
    if verb < 1 or not tokens[verb].endswith("+ed"):
        return tokens
    return (*tokens[at + 1 :], tokens[verb], *tokens[:verb])


def _same_word(one: str, other: str, spelled: str, spelled_other: str) -> bool:
    return one == other or is_typo(spelled, spelled_other)


def _date_token(sentence: str, mention: Mention) -> str:
    """A date as said, or, where its end is what is meant, as that day."""
    if mention.is_end or is_by(sentence[: mention.start]):
        return f"by {mention.last.isoformat()}"
    return f"{mention.first.isoformat()}-{mention.last.isoformat()}"


_IN_COMMENTS = re.compile(
    r",?\s?\b(?:(?:in commenting|when (?:it|they) commented) on (?:a|the|our) draft"
    r"(?: report| of (?:this|the|our) report)?,?|"
    r"(?:in (?:its|their) (?:written |agency |formal )?(?:comments|response)|in comments)"
    r"(?: on (?:a|the|our) draft(?: report| of (?:this|the|our) report)?)?,?)(?=[\s.])",
    re.IGNORECASE,
)


_NUMBERED = re.compile(r"\(\d\)\s|\[\d{1,2}\]")
_THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}\b)")
_MILLIONS = re.compile(r"(\d+(?:\.\d+)?)\s(million|billion)\b|(?<=\d),(?=\d{3}\b)")


def _in_full(match: re.Match[str]) -> str:
    """Write 1.2 million as 1200000, and a figure without its commas."""
    return str(round(float(match[1]) * (10**6 if match[2] == "million" else 10**9))) if match[1] else ""


def _spell_out(text: str) -> str:
    low = text.lower()
    if "n't" in low:
        text = _CONTRACTIONS.sub(
            lambda match: ("will" if match[1].lower() == "wo" else match[1]) + " not", text
        )
    if "agree" in low or "concur" in low:
        text = _NOT_AGREE.sub("refused", text)
    for phrase, plain in _PHRASES.items():
        if phrase in low:
            text = re.sub(rf"\b{phrase}\b", plain, text, flags=re.IGNORECASE)
    if has_any(lowered(text), ("comment", "response")):
        text = _IN_COMMENTS.sub("", text)
    text = _NUMBERED.sub("", text)
    if "illion" in text or _THOUSANDS.search(text):
        text = _MILLIONS.sub(_in_full, text)
    return text.replace("U.S.", "US").replace("%", " percent")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Each word that says something, as its form and as spelled; a word doubled by mistake is one."""
    previous = ""
    for match in TOKEN.finditer(text):
        # "to be completed" is "to complete" from the other side.
        passive = text.startswith("be ", max(0, match.start() - 3))
        underway = text.startswith("being ", max(0, match.start() - 6))
        if (word := _word(match[0], passive, underway)) is None:
            continue
        if word[0] != previous:
            yield word
        previous = word[0]


@lru_cache(maxsize=20_000)
def _word(token: str, passive: bool, underway: bool) -> tuple[str, str] | None:
    """A word's form and itself in lower case; None for one that says nothing."""
    low = token.lower()
    if low in {"we", "gao"}:
        return "we", "we"  # the agency is left out, and GAO is not the agency
    if low in _DROPPED and low not in _KEPT:
        return None
    if _is_name(token):
        return token, low
    return lemma(low) + "+ing" if underway else lemma(low) if passive else _form(low), low


def _form(low: str) -> str:
    """A word's lemma; what was done and what is being done stay apart."""
    kind = "+ing" if low.endswith("ing") and len(low) > 5 else "+ed" if is_past(low) or low in PAST else ""
    found = lemma(low)
    return found if found in {"say", "expect", "concur"} or not found.isalpha() else found + kind
