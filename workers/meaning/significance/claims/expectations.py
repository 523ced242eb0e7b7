"""Dates that may be the agency's own expected completion of something: candidates, with the features weighed.

A candidate is any date that is not the one of a statement or of GAO's review. What joins it to its words,
who acts, what the verb is, whose date it may otherwise be: each is a feature; none decides by itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from workers.meaning.significance.claims.deliverables import deed_of
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import Mention, without_dates
from workers.meaning.significance.reading.wordforms import content
from workers.meaning.significance.scoring import scorer

_JOINED = re.compile(
    r"\b(?P<by>by|before|no\slater\sthan|not\slater\sthan|on\sor\sbefore)\s(?:the\s)?(?:\w+\s)?$"
    r"|\b(?P<until>until|till|to)\s(?:the\s)?$|\b(?P<within>in|during|within|on|around|sometime\sin|at)\s(?:the\s)?$"
    r"|\b(?P<since>since|from|after|following|between|of|dated)\s(?:the\s)?$|\b(?P<through>through|ending|ends)\s(?:on\s)?(?:the\s)?$"
    r"|\b(?P<for>for|as)\s(?:the\s)?$|\b(?P<is>is|are|was|were|date|now|becomes?)\s(?:now\s|the\s)?$|(?P<bare>[:(,]\s?)$|\b(?P<pair>and|or|than)\s(?:the\s)?$",
    re.IGNORECASE,
)
_LAST = ("completes", "begins", "takes effect", "meeting", "talk with us")
_SOON = re.compile(
    r"\W*(?:\w+\W+){0,2}?(?:budget|filing\sseason|season|appropriation|funds|report|review|audit|data|cycle|request|plan|update|version|edition|rule|strategy|survey|round)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?!need|exceed|expected|planned|scheduled|projected|estimated|anticipated|targeted|intended|hoped|aimed|proposed|said|told)(?:\w{3,}ed|sent|held|made|built|wrote|began|took|gave|went|came|issued)\b",
    re.IGNORECASE,
)


_MOST = 24  # dates of a narrative: those beyond are not read
_AROUND = 300  # characters before and behind a date that are read of its sentence


@dataclass(frozen=True, slots=True)
class Expectation:
    """A candidate: its date, the sentence and clause it stands in, what is to be done, and its features.

    `about`: the content of its clause. `place`: the number of its sentence. `score`: what its features weigh.
    """

    mention: Mention
    sentence: Sentence
    clause: Clause
    deed: frozenset[str]
    about: frozenset[str]
    features: dict[str, float]
    place: int
    score: float

    @property
    def name(self) -> str:
        """The date as signals have it."""
        return self.mention.name

    @property
    def is_likely(self) -> bool:
        """Whether it may well be an expected completion: enough to be held against another."""
        return self.score >= scorer(DEADLINE).thresholds.get("likely", 0.0)

    @property
    def is_sure(self) -> bool:
        """Whether it is claimed to be one."""
        return self.score >= scorer(DEADLINE).thresholds.get("claim", 0.0)


DEADLINE = "deadline"


def find_expectations(
    sentences: Sequence[Sentence], without: frozenset[str] = frozenset()
) -> list[Expectation]:
    """All dates of sentences but those of GAO's review or a statement; `without` these sentences."""
    return list(islice(_find(sentences, without), _MOST))


def _find(sentences: Sequence[Sentence], without: frozenset[str]) -> Iterator[Expectation]:
    for place, sentence in enumerate(sentences):
        if sentence.text in without:
            continue
        for mention in sentence.dates[:_MOST]:
            if mention not in sentence.reviews:
                yield _candidate(sentence, mention, place)


def _candidate(sentence: Sentence, mention: Mention, place: int) -> Expectation:
    clause = _clause_of(sentence, mention)
    stop = min(
        (one.start for one in sentence.clauses if one.start > clause.start), default=len(sentence.text)
    )
    about = content(without_dates(sentence.text[clause.start : stop]))
    features = dict(_features(sentence, clause, mention, stop))
    return Expectation(
        mention, sentence, clause, deed_of(sentence, clause, mention), about, features, place,
        scorer(DEADLINE).weigh(features),
    )  # fmt: skip


def _clause_of(sentence: Sentence, mention: Mention) -> Clause:
    before = [clause for clause in sentence.clauses if clause.start <= mention.start]
    clause = before[-1] if before else sentence.clauses[0]
    ahead = sentence.text[clause.start : mention.start]
    following = [other for other in sentence.clauses if other.start > mention.stop - 1]
    # "By May 2025, the agency will ...": the date belongs to the clause that follows.
    return (
        following[0]
        if following
        and len(ahead.split()) <= 3
        and clause.start == 0
        and not re.search(r"[a-z]{4,}\s[a-z]{4,}", ahead)
        else clause
    )


def _features(sentence: Sentence, clause: Clause, mention: Mention, stop: int) -> Iterator[tuple[str, float]]:
    yield "bias", 1.0
    yield f"actor {clause.actor.value}", 1.0
    yield f"clause {clause.opener or 'first'}", 1.0
    for name in ("hypothetical", "background", "negated", "inherits"):
        if getattr(clause, name):
            yield f"clause {name}", 1.0
    start = max(min(clause.start, mention.start), mention.start - _AROUND)
    opens = len(sentence.text[start : mention.start].split()) <= _FEW
    joined = _JOINED.search(sentence.text[max(0, mention.start - 40) : mention.start])
    yield f"joined by {joined.lastgroup if joined else 'other'}", 1.0
    earlier = [other.stop for other in sentence.dates[:_MOST] if start <= other.start < mention.start]
    since = max([start, *earlier])
    words = _Words(start, min(stop, mention.stop + _AROUND) if opens else mention.start, since, mention.start)
    found = words.features(sentence, mention)
    yield from ((name, 1.0) for name in found)
    if opens:
        yield "opens its clause", 1.0
    if earlier:
        yield "date before it in clause", 1.0
    if _SOON.match(sentence.text, mention.stop):
        yield "names what follows", 1.0
    if not words.plans and _DONE.search(sentence.text, since, mention.start):
        yield "something done", 1.0
    if mention.is_end:
        yield "end of a period", 1.0


_FEW = 3  # words ahead of a date: no more, and it opens its clause
_PLANS = frozenset(("expects", "will"))


@dataclass(slots=True)
class _Words:
    """What is spoken of in the words of a date's clause (`start` to `stop`) and since the date before."""

    start: int
    stop: int
    since: int
    date: int
    plans: bool = False

    def features(self, sentence: Sentence, mention: Mention) -> set[str]:
        low, high = mention.start - _AROUND, mention.stop + _AROUND
        found: set[str] = set()
        elsewhere: set[str] = set()
        last: tuple[int, str] = (-1, "")
        for name, place in sentence.spoken:
            if not low <= place < high:
                continue
            if not self.start <= place < self.stop:
                elsewhere.add(name)
                continue
            found.add(f"clause: {name}")
            if name in _LAST:
                last = max(last, (place, name))
            if self.since <= place < self.date:
                self.plans |= name in _PLANS
                if self.since > self.start:
                    found.add(f"since date before: {name}")
        found.update(f"sentence: {name}" for name in elsewhere if f"clause: {name}" not in found)
        if last[1]:
            found.add(f"last verb: {last[1]}")
        return found
