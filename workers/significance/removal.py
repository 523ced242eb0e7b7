"""Words of substance that are gone, with nothing that stands for them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from workers.difference import common_ends
from workers.significance.actions import find_deeds
from workers.significance.actors import Actor
from workers.significance.clauses import Sentence
from workers.significance.deadlines import find_deadlines
from workers.significance.positions import is_position
from workers.significance.wordforms import content, coverage
from workers.values import Run, Signal

_COVERED = 0.5  # of a sentence's words: as many elsewhere, and it was reworded
_INSTEAD = 0.6  # of the words that stood in a place: as many others there, and they replaced them
# A position held on to, a delay explained: the next word on the matter stands for them.
_STOOD_BY = re.compile(
    r"\b(?:maintained|reiterated|repeated|kept\sto)\s(?:this|that|its|the)\s(?:\w+\s)?position\b"
)
_LEAST = 3  # content words: fewer make no sentence of substance
_CLAUSE_LEAST = 4
_GAP_LEAST, _GAP_WORDS = 2, 10  # content words, and words in all, that one place lost
# What was under way or planned gives way to any later word on how things stand.
_PROGRESS = re.compile(
    r"\b(?:is|are|was|were|be|been)\s(?:\w+\s)?(?:\w+ing|in\sthe\sprocess)\b|\bwill\b|\bwould\b|"
    r"\bplan(?:s|ned)?\b|"
    r"\bexpect|\bawait|\banticipat|\bintend|\bestimat|\bcontinue|\bworking\b|\b(?:not?|neither|none)\b|\byet\b|\bremain|"
    r"\b(?:slow|delay)|\battribut",
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
    told = _Told(whole[1])
    for sentence in gone:
        if _is_lost(sentence, came, told) and not (came and _is_replaced(sentence, *whole)):
            yield Signal("text_removed", sentence.text)
        elif lost := _cut_short(sentence, came, told):
            yield Signal("text_removed", _words_of(lost, sentence, runs))


class _Told:
    """All content of a narrative, read when it is first asked for: mostly it is not."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences

    @cached_property
    def content(self) -> frozenset[str]:
        return frozenset[str]().union(*(sentence.content for sentence in self._sentences))


def _is_lost(sentence: Sentence, came: Sequence[Sentence], told: _Told) -> bool:
    """Whether a whole sentence is gone."""
    promise = bool(sentence.content) or any(find_deadlines(sentence)) if sentence.dates else False
    if not came and promise and not is_position(sentence):
        return True
    if (is_position(sentence) and any(map(is_position, came))) or _STOOD_BY.search(sentence.text):
        return False
    if len(sentence.content) < _LEAST or any(_resembles(sentence, other) for other in came):
        return False
    # A plan is superseded by what came of it, even in quite other words.
    if came and _PROGRESS.search(sentence.text):
        return False
    return coverage(sentence.content, told.content) < _COVERED


def _is_replaced(sentence: Sentence, old: Sequence[Sentence], new: Sequence[Sentence]) -> bool:
    """Whether what the agency said gave way, in its very place, to as many words about the agency."""
    if _is_of_others(sentence):
        return False
    texts, texts_new = [one.text for one in old], [one.text for one in new]
    for kind, start, stop, first, last in SequenceMatcher(
        None, texts, texts_new, autojunk=False
    ).get_opcodes():
        if kind != "replace" or sentence.text not in texts[start:stop]:
            continue
        came = [one for one in new[first:last] if not one.stock and not _is_of_others(one)]
        words = sum(len(one.content) for one in came)
        return words >= _INSTEAD * sum(len(one.content) for one in old[start:stop] if not one.stock)
    return False


def _is_of_others(sentence: Sentence) -> bool:
    speaking = sentence.clauses[0]
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
