"""Whether a date of the new narrative is of the same deed as one of the old: features of each such pair."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from workers.meaning.significance.claims.expectations import Expectation
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.wordforms import unmatched

_MOVES = re.compile(
    r"\b(?:now\b|instead|delay\w*|postpon\w*|push\w*|slip\w*|later\sthan|longer|no\slonger|not\s.{0,60}(?:until|before)|rather\sthan|"
    r"behind\sschedule|ahead\sof|reschedul\w*|exten(?:d|sion)\w*|new\s(?:date|target|deadline|estimate)|revis\w*|mov(?:ed|es)|still|"
    r"advanc\w*|forward|changed|missed|slow\w*|therefore|sooner|earlier)\b",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\bnow\s(?:\w+\s)?(?:expect|plan|anticipat|aim|hope|estimat|due|schedul|to\sbe|intend|project|sa(?:y|id)|should|will|means?)|\b(?:is|are|was|were)\snow\b"
    r"|\bno\slonger\b|\bnot\s.{0,60}\b(?:until|before)\b|\b(?:later|longer)\sthan\b|\b(?:delay|postpon|push|slip|advanc)\w*|\binstead\b|\brather\sthan\b|\brevised\b",
    re.IGNORECASE,
)
_MONTH = re.compile(r"\b(?:rather\sthan|instead\sof|not|than)\s(?:in\s|by\s|the\s)?(?P<month>[A-Z][a-z]{2})")
_DONE = re.compile(
    r"\b(?:complet|finish|finaliz|issu|publish|releas|met\b|achiev|done\b|in\splace|on\s(?:time|schedule)|as\s(?:planned|expected|scheduled)|went\slive|came\sout|approved|ahead\sof)\w*",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"\b(?:not|never|no\slonger|yet\sto|missed|delay\w*|passed\swithout)\b|n['’]t\b", re.IGNORECASE
)
_ANOTHER = re.compile(
    r"\b(?:second|third|next|another|remaining|rest|last|final|other|also|additional|new|then)\b",
    re.IGNORECASE,
)
_TOLD = 0.5  # of the words of a deed: fewer, and a sentence does not tell of it
_MOST = 60  # sentences that are held against old deeds
_WHICH = frozenset(("first", "second", "third", "fourth", "initial", "final", "interim", "1", "2", "3", "4"))


@dataclass(frozen=True)
class Setting:
    """Both narratives, and all candidates of each."""

    old: Sequence[Sentence]
    new: Sequence[Sentence]
    before: Sequence[Expectation]
    after: Sequence[Expectation]
    seen: date

    @cached_property
    def stood(self) -> frozenset[str]:
        """The sentences of the old narrative, by their text."""
        return frozenset(one.text for one in self.old)

    @cached_property
    def stands(self) -> frozenset[str]:
        """Those of the new one."""
        return frozenset(one.text for one in self.new)

    @cached_property
    def told(self) -> dict[int, tuple[float, float]]:
        """Of each old date: how far a sentence that came tells its deed as done, and how far as not done."""
        return {id(old): self._told(old) for old in self.before}

    def _told(self, old: Expectation) -> tuple[float, float]:
        done = missed = 0.0
        for sentence in self.came:
            dated = any(m.last == old.mention.last or m.name == old.name for m in sentence.dates)
            share = _share(old.about, sentence.content)
            if (share >= _TOLD or dated) and _DONE.search(sentence.text):
                if _NOT_DONE.search(sentence.text):
                    missed = max(missed, share + 0.5 * dated)
                elif not any(one.is_likely and one.sentence is sentence for one in self.fresh):
                    done = max(done, share + 0.5 * dated)
        return done, missed

    @cached_property
    def came(self) -> list[Sentence]:
        """The sentences of the new narrative that the old one lacks."""
        return [one for one in self.new if one.text not in self.stood][:_MOST]

    def likeness(self, one: Expectation, other: Expectation) -> float:
        """How much of the shorter clause the longer one has."""
        key = (id(one), id(other)) if id(one) < id(other) else (id(other), id(one))
        if key not in self._alike:
            self._alike[key] = _likeness(one.about, other.about)
        return self._alike[key]

    @cached_property
    def _alike(self) -> dict[tuple[int, int], float]:
        return {}

    @cached_property
    def fresh(self) -> list[Expectation]:
        """The likely expectations of sentences that came."""
        return [one for one in self.after if one.is_likely and one.sentence.text not in self.stood]


def pair_features(new: Expectation, old: Expectation, setting: Setting) -> dict[str, float]:
    """What speaks for and against the two dates' being of one deed."""
    return dict(_features(new, old, setting))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    smaller, larger = sorted((one, other), key=len)
    return 1.0 - len(unmatched(smaller, larger)) / len(smaller) if smaller else 0.0


def _near(sentences: Sequence[Sentence], place: int) -> frozenset[str]:
    return frozenset[str]().union(*(one.content for one in sentences[max(0, place - 1) : place + 1]))


def _features(new: Expectation, old: Expectation, setting: Setting) -> Iterator[tuple[str, float]]:
    yield "bias", 1.0
    yield "deeds alike", _likeness(new.deed, old.deed)
    yield "clauses alike", setting.likeness(new, old)
    yield "new deed told in old sentence", _share(new.about, old.sentence.content)
    yield "old deed told in new sentence", _share(old.about, new.sentence.content)
    yield "old deed told around new sentence", _share(old.about, _near(setting.new, new.place))
    yield "new deed told around old sentence", _share(new.about, _near(setting.old, old.place))
    if not new.deed:
        yield "new deed only pointed at", 1.0
    if not old.deed:
        yield "old deed only pointed at", 1.0
    first, second = new.about & _WHICH, old.about & _WHICH
    if first != second and (first or second):
        yield "another stage", 1.0
    if new.mention.first <= old.mention.last and old.mention.first <= new.mention.last:
        yield "periods overlap", 1.0
    if new.mention.last == old.mention.last:
        yield "same end", 1.0
    yield ("later" if new.mention.last > old.mention.last else "earlier"), 1.0
    if old.mention.last <= setting.seen:
        yield "old date past", 1.0
    yield from _of_sides(new, old, setting)
    yield from _of_words(new, old, setting)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return 1.0 - len(unmatched(part, whole)) / len(part) if part else 0.0


def _of_sides(new: Expectation, old: Expectation, setting: Setting) -> Iterator[tuple[str, float]]:
    """What else each narrative has."""
    others = [one for one in setting.before if one.name != old.name and one.is_likely]
    if not others:
        yield "only old expectation", 1.0
    if old.is_likely:
        yield "old is an expectation", 1.0
    fresh = setting.fresh
    if len({one.name for one in fresh}) <= 1:
        yield "only new expectation", 1.0
    if old.sentence.text in setting.stands:
        yield "old sentence stands", 1.0
    if any(one.name == new.name for one in setting.before):
        yield "new date stood in old", 1.0
    still = [one for one in setting.after if one.name == old.name and one.sentence.text not in setting.stood]
    if any(one.is_likely and not one.features.get("clause: former") for one in still):
        yield "old date expected anew", 1.0
    best = max((setting.likeness(new, one) for one in setting.before if one is not old), default=0.0)
    if best > setting.likeness(new, old) + 0.1:
        yield "another old deed more alike", 1.0
    rival = max((setting.likeness(one, old) for one in fresh if one is not new), default=0.0)
    if rival > setting.likeness(new, old) + 0.1:
        yield "another new deed more alike", 1.0


def _of_words(new: Expectation, old: Expectation, setting: Setting) -> Iterator[tuple[str, float]]:
    """What the new narrative says of the old deed, and of having moved."""
    text = new.sentence.text
    if _MOVES.search(text):
        yield "words of moving", 1.0
    if any(m.name == old.name for m in new.sentence.dates):
        yield "old date in its sentence", 1.0
        if new.features.get("clause: former") or new.features.get("sentence: former"):
            yield "old date told as former", 1.0
        if re.search(
            r"\b(?:from|rather\sthan|instead\sof|than|of)\s(?:the\s)?(?:end\sof\s)?$",
            _before(new.sentence, old.name),
        ):
            yield "from the old date", 1.0
    named = _MONTH.search(text)
    if named and named["month"] == old.mention.last.strftime("%b"):
        yield "from the old date", 1.0
    if _NOW.search(text[new.clause.start :]):
        yield "now, in its clause", 1.0
        if old.is_likely:
            yield "now, and old is an expectation", 1.0
    if not new.deed or re.search(
        r"\b(?:it|them|this|these|do\sso)\b", text[new.clause.start : new.mention.start]
    ):
        yield "a pronoun in its clause", 1.0
        two = frozenset[str]().union(
            *(one.content for one in setting.new[max(0, new.place - 2) : new.place + 1])
        )
        yield "pronoun, old deed told around", _share(old.about, two)
    if _ANOTHER.search(text[new.clause.start :]):
        yield "words of another", 1.0
    done, missed = setting.told[id(old)]
    yield "old deed told as done", done
    yield "old deed told as not done", missed


def _before(sentence: Sentence, name: str) -> str:
    """What leads to a date in a sentence."""
    at = next(mention.start for mention in sentence.dates if mention.name == name)
    return sentence.text[max(0, at - 40) : at]
