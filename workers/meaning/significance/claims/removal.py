"""Words of substance that are gone, with nothing that stands for them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from workers.meaning.difference import common_ends
from workers.meaning.significance.claims.actions import find_deeds
from workers.meaning.significance.claims.deadlines import find_deadlines
from workers.meaning.significance.claims.positions import is_position
from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.wordforms import content, coverage
from workers.values import Run, Signal

_COVERED = 0.5  # of a sentence's words: as many elsewhere, and it was reworded
_INSTEAD = 0.6  # of the words that stood in a place: as many others there, and they replaced them
_MANY = 400  # pairs of sentences: where more changed, it is another narrative
_AGAIN = 0.7  # of the words of either are in the other
_LEAST = 3  # content words: fewer make no sentence of substance
_CLAUSE_LEAST = 4
_GAP_LEAST, _GAP_WORDS = 2, 10  # content words, and words in all, that one place lost
# What was under way or planned gives way to any later word on how things stand.
_PROGRESS = re.compile(
    r"\b(?:is|are|was|were|be|been)\s(?:\w+\s)?(?:\w+ing|in\sthe\sprocess)\b|\bwill\b|\bwould\b|"
    r"\bplan(?:s|ned)?\b|"
    r"\bexpect|\bawait|\banticipat|\bintend|\bestimat|\bcontinue|\bworking\b|\b(?:not?|neither|none)\b|\byet\b|\bremain|"
    r"\b(?:slow|delay)|\battribut|^(?:we|GAO)\s(?:have\s|has\s)?(?:asked|requested)\b",
    re.IGNORECASE,
)


def removal_signals(
    gone: Sequence[Sentence],
    came: Sequence[Sentence],
    whole: tuple[Sequence[Sentence], Sequence[Sentence]],
    runs: Iterable[Run],
) -> Iterator[Signal]:
    """`gone`, `came`: sentences of one side only; `whole`: all of both narratives; `runs`: what differs."""
    came = [sentence for sentence in came if not sentence.stock]
    gone = [sentence for sentence in gone if not sentence.stock]
    told, places = _Told(whole[1]), _Places(gone, came, whole)
    for sentence in gone:
        if places.may_compare and any(_tells_again(other, sentence) for other in came):
            continue
        free = places.free
        if _is_lost(sentence, free, told, alone=not came) and not (came and places.is_replaced(sentence)):
            yield Signal("text_removed", sentence.text)
        elif lost := _cut_short(sentence, free, told):
            yield Signal("text_removed", _words_of(lost, sentence, runs))


def _tells_again(sentence: Sentence, other: Sentence) -> bool:
    """Whether one only tells the other again, with another date or a word or two."""
    least = _AGAIN * max(len(sentence.content), len(other.content))
    return len(sentence.content & other.content) >= least


class _Places:
    """What stands where in two narratives; read where a sentence may be lost."""

    def __init__(
        self,
        gone: Sequence[Sentence],
        came: Sequence[Sentence],
        whole: tuple[Sequence[Sentence], Sequence[Sentence]],
    ) -> None:
        self._gone, self._came = gone, came
        self._old, self._new = whole

    @cached_property
    def may_compare(self) -> bool:
        """Whether the sentences are few enough to be held against each other."""
        return len(self._gone) * len(self._came) <= _MANY

    @cached_property
    def _pairs(self) -> list[tuple[Sentence, Sentence]]:
        """Those that came, with the old ones that they only tell again."""
        if not self.may_compare:
            return []
        return [
            (other, sentence)
            for other in self._came
            for sentence in self._gone
            if _tells_again(other, sentence)
        ]

    @cached_property
    def free(self) -> list[Sentence]:
        """Those that came and do not stand for an old one already."""
        taken = {other.text for other, _ in self._pairs}
        return [other for other in self._came if other.text not in taken]

    @cached_property
    def _replaced(self) -> frozenset[str]:
        """The sentences that gave way, in their very place, to as many words about the agency."""
        told = {other.text: old.content for other, old in self._pairs}
        kept = {old.text for _, old in self._pairs}
        texts, texts_new = ([one.text for one in side] for side in (self._old, self._new))
        matcher = SequenceMatcher(None, texts, texts_new, autojunk=False)
        found: set[str] = set()
        for kind, start, stop, first, last in matcher.get_opcodes():
            if kind != "replace":
                continue
            gone = [one for one in self._old[start:stop] if not one.stock and one.text not in kept]
            came = [one for one in self._new[first:last] if not one.stock and not _is_of_others(one)]
            words = sum(len(one.content - told.get(one.text, frozenset())) for one in came)
            if words >= _INSTEAD * sum(len(one.content) for one in gone):
                found.update(one.text for one in gone)
        return frozenset(found)

    def is_replaced(self, sentence: Sentence) -> bool:
        """Whether what the agency said there has its like in the same place.

        Where too much changed to be held against each other, nothing is called removed.
        """
        if not self.may_compare:
            return True
        return not _is_of_others(sentence) and sentence.text in self._replaced


class _Told:
    """All content of a narrative, read when it is first asked for: mostly it is not."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset[str]().union(*(sentence.content for sentence in self._sentences))


def _is_lost(sentence: Sentence, came: Sequence[Sentence], told: _Told, *, alone: bool) -> bool:
    """Whether a whole sentence is gone; `came` may stand for it; `alone`: nothing came at all."""
    promise = bool(sentence.content) or any(find_deadlines(sentence)) if sentence.dates else False
    if alone and promise and not is_position(sentence):
        return True
    if is_position(sentence) and any(map(is_position, came)):
        return False
    if len(sentence.content) < _LEAST or any(_resembles(sentence, other) for other in came):
        return False
    # A plan is superseded by what came of it, even in quite other words.
    if came and _PROGRESS.search(sentence.text):
        return False
    return coverage(sentence.content, told.content) < _COVERED


def _is_of_others(sentence: Sentence) -> bool:
    speaking = next((clause for clause in sentence.clauses if clause.subject), sentence.clauses[0])
    return speaking.actor in {Actor.OTHER, Actor.GAO, Actor.CONGRESS}


def _resembles(sentence: Sentence, other: Sentence) -> bool:
    shared = len(sentence.content & other.content)
    return shared >= 2 and shared >= min(len(sentence.content), len(other.content)) * 0.3


def _cut_short(sentence: Sentence, came: Sequence[Sentence], told: _Told) -> frozenset[str]:
    """What a sentence said beyond the shorter one that it became."""
    shorter = [
        other
        for other in came
        if len(other.content) < len(sentence.content) and coverage(other.content, sentence.content) >= 0.9
    ]
    if shorter and len(came) > len(shorter) and not any(map(_is_of_others, came)):
        return frozenset()  # the agency's next words stand for what is left out
    lost = sentence.content - told.content if shorter else frozenset[str]()
    if len(lost) >= _GAP_LEAST and any(_gap(sentence.text, other.text) >= _GAP_WORDS for other in shorter):
        return lost
    if len(lost) < _CLAUSE_LEAST:
        return frozenset()
    if any(find_deeds(sentence)) or any(not any(find_deeds(other)) for other in shorter):
        return lost
    return frozenset()


def _gap(long: str, short: str) -> int:
    """How many words one text has beyond another, all in one place; 0 where they differ elsewhere."""
    head, tail = common_ends(long.rstrip("."), short.rstrip("."))
    if head + tail < len(short.rstrip(".")) - 2:
        return 0
    return len(long[head : len(long) - tail].split())


def _words_of(lost: frozenset[str], sentence: Sentence, runs: Iterable[Run]) -> str:
    """The deleted run that holds most of them; the sentence where no run does."""
    for operation, text in runs:
        words = " ".join(text.split())
        if operation == "delete" and words in sentence.text and coverage(lost, content(words)) >= 0.7:
            return words
    return sentence.text
