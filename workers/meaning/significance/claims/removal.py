"""Sentences that are gone: candidates for `text_removed`, each with the features that are weighed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.wordforms import unmatched
from workers.meaning.significance.scoring import scorer
from workers.values import Signal

_PROGRESS = re.compile(
    r"\b(?:is|are|was|were|be|been)\s(?:\w+\s)?(?:\w+ing|in\sthe\sprocess)\b|\bwill\b|\bwould\b|\bplan(?:s|ned)?\b|\bexpect|\bawait|"
    r"\banticipat|\bintend|\bestimat|\bcontinue|\bworking\b|\byet\b|\bremain",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|no|never|neither|none|lacks?)\b|n['’]t\b", re.IGNORECASE)
_POSITION = re.compile(
    r"\b(?:concur\w*|agree[sd]?|disagree\w*|accept(?:s|ed)|reject(?:s|ed)|position)\b", re.IGNORECASE
)
_FOUND = re.compile(
    r"\b(?:we|our)\s(?:\w+\s){0,2}?(?:found|report|visit|review|noted|analy|observed|estimated|counted|believe)|\bin\sour\b|\bwithout\b|\buntil\b|\bmay\snot\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Removal:
    """A candidate: the sentence, its features and what they weigh."""

    sentence: Sentence
    features: dict[str, float]
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether it is claimed."""
        return self.score >= scorer(REMOVAL).thresholds.get("claim", 0.0)


REMOVAL = "removal"
_MOST = 40  # sentences: where more are gone, it is another narrative, and nothing is called removed


@dataclass
class Remaining:
    """What the new narrative has: what came, and all of it."""

    gone: Sequence[Sentence]
    came: Sequence[Sentence]
    new: Sequence[Sentence]
    closed: bool

    @cached_property
    def every(self) -> frozenset[str]:
        """The content of all of it."""
        return frozenset[str]().union(*(one.stems for one in self.new))

    @cached_property
    def stems(self) -> list[frozenset[str]]:
        """The content of each sentence that came."""
        return [one.stems for one in self.came if not one.stock]


def find_removals(old: Sequence[Sentence], remaining: Remaining) -> Iterator[Removal]:
    """Each sentence that is gone and said something."""
    gone = {one.text for one in remaining.gone}
    for place, sentence in enumerate(old):
        if sentence.text in gone and not sentence.stock and not sentence.boilerplate:
            features = dict(_features(sentence, place, old, remaining))
            yield Removal(sentence, features, scorer(REMOVAL).weigh(features))


def removal_signals(old: Sequence[Sentence], remaining: Remaining) -> Iterator[Signal]:
    """One for each sentence that is surely gone with nothing in its place."""
    if max(len(remaining.gone), len(remaining.came)) > _MOST:
        return
    for removal in find_removals(old, remaining):
        if removal.is_sure:
            yield Signal("text_removed", removal.sentence.text)


def _features(
    sentence: Sentence, place: int, old: Sequence[Sentence], remaining: Remaining
) -> Iterator[tuple[str, float]]:
    text = sentence.text
    about = sentence.stems
    lost = unmatched(about, remaining.every)
    yield "bias", 1.0
    yield "share of lost words", len(lost) / len(about) if about else 0.0
    yield "lost words", min(len(lost), 12) / 4
    best = (
        max((1.0 - len(unmatched(about, stems)) / len(about) for stems in remaining.stems), default=0.0)
        if about
        else 0.0
    )
    yield "told in one sentence", best
    found = {
        "few words": len(about) < 3,
        "nothing came": not remaining.stems,
        "one sentence gone": len([one for one in remaining.gone if not one.stock]) == 1,
        "tells progress": bool(_PROGRESS.search(text)),
        "denies": bool(_NOT.search(text)),
        "tells a position": bool(_POSITION.search(text)),
        "GAO's finding": bool(_FOUND.search(text)),
        "of GAO": sentence.clauses[0].actor is Actor.GAO,
        "of another": sentence.clauses[0].actor is Actor.OTHER,
        "of the agency": sentence.clauses[0].actor is Actor.AGENCY,
        "has a figure": bool(_FIGURE.search(text)),
        "has a date": bool(sentence.dates),
        "closed": remaining.closed,
        "both neighbors stand": _neighbors_stand(place, old, remaining),
    }
    yield from ((name, 1.0) for name, holds in found.items() if holds)
    yield "sentences gone", min(len(remaining.gone), 8) / 4
    yield "sentences came", min(len(remaining.came), 8) / 4
    more = len(remaining.came) / max(len(remaining.gone), 1)
    yield "came for each gone", min(more, 3.0)


def _neighbors_stand(place: int, old: Sequence[Sentence], remaining: Remaining) -> bool:
    gone = {one.text for one in remaining.gone}
    beside = [old[at] for at in (place - 1, place + 1) if 0 <= at < len(old)]
    return bool(beside) and not any(one.text in gone for one in beside)
