"""Reports that something was done: candidates for `action_reported`, each with the features that are weighed.

A candidate is a verb in the past, in a sentence that only the new narrative has. Who acts, in which tense and
frame, whether the old narrative told it, whether it is dated later than anything there: each is a feature;
none decides by itself.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice

from workers.meaning.sentences import words
from workers.meaning.significance.reading.action_verbs import DEEDS
from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import without_dates
from workers.meaning.significance.reading.synonyms import merged
from workers.meaning.significance.reading.wordforms import content, is_past, lemma
from workers.meaning.significance.scoring import scorer
from workers.values import Signal

_IRREGULAR = words(
    "took taken made put held sent stood built wrote written set began begun gave given withdrew "
    "withdrawn bought chose chosen went gone came ran grew grown kept left met paid led brought sold "
    "taught drew drawn got done cut let undertook undertaken rewrote rewritten hired spent lent won "
    "struck hung laid"
)
_SPEECH = words(
    "said stated told reported noted indicated informed explained added acknowledged estimated "
    "responded wrote commented observed announced cautioned emphasized confirmed reiterated described "
    "argued maintained stressed asserted believed thought considered replied mentioned repeated "
    "notified weighed explored discussed raised pointed counted"
)
_MIND = words(
    "agreed concurred disagreed accepted rejected planned expected anticipated intended hoped aimed "
    "needed wanted decided determined committed projected scheduled targeted proposed recommended "
    "estimated based related concerned attributed preferred"
)
_STATE = words(
    "remained continued contained included required lacked failed missed cost covered depended "
    "existed varied differed exceeded totaled averaged ranged meant used involved occurred happened "
    "received rose fell grew declined increased decreased left resigned retired died expired lapsed "
    "delayed postponed slipped slowed stalled limited faced experienced identified found called asked "
    "requested"
)
_ALL = 0.85  # of the words of a clause
_PLANS = frozenset(("expects", "will", "would", "scheduled"))
_NO_ACTION = _SPEECH | _MIND  # what was said or meant is nothing done
_MODALS = words("will would could may might should must can cannot to be being not never yet")
_BE = words("is are was were been")
_HAVE = words("has have had having")
_ADVERBS = words(
    "also then later subsequently recently formally successfully fully partially already since now "
    "previously officially both jointly initially further finally first largely substantially all "
    "each only still itself"
)
_WORD = re.compile(r"[A-Za-z'’&-]+")
_NOW_SO = re.compile(
    r"\b(?:is|are|was|were|went|came|put)\s(?:now\s|all\s|both\s|already\s)?(?P<so>(?:in|into)\s(?:place|use|effect|force|operation|service|production)|"
    r"on\sboard|up\b(?!\sto)|live|complete\b|final\b|available|out\b|done\b|operational|open\b)"
)
_PAST_REPORT = re.compile(
    r"\b(?:our|the)\s(?:\w+\s){0,3}?(?:19|20)\d\d\sreport\b|\b(?:we|GAO)\s(?:previously\s)?(?:found|reported|recommended)\b"
    r"|\b(?:at\sthe\stime\sof|during|prior\sto|before)\sour\s(?:report|review|audit|work)\b|\bin\sour\s(?:\w+\s)?report\b",
    re.IGNORECASE,
)
_GAO = re.compile(r"\b(?:[Ww]e|[Oo]ur|GAO)\b")
_DRAFTED = re.compile(r"\bdraft(?:s|ed|ing)?\b", re.IGNORECASE)
_FIGURE = re.compile(r"\d[\d,.]*")
_DENIED = re.compile(
    r"\b(?:not|never|no|none|nor|neither|without|unable|fail\w*|few|little|yet\sto)\b|n['’]t\b", re.IGNORECASE
)
_AHEAD = re.compile(
    r"\b(?:will|would|plans?|planned|expects?|intends?|anticipates?|aims?|should|must|may|could|if|whether|until|once|when)\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"\s(?:\w+\s){0,2}?(?:no|none|nothing|nobody|neither)\b")
_TO_GAO = re.compile(
    r"\s(?:[\w-]+\s){0,6}?(?:us|GAO|(?:its|their)\s(?:\w+\s)?(?:position|mind|views?)|discussions|comments|updates?)\b"
)
_ARTICLES = words("the a an its their this that these those any such each all of for with on in new")


@dataclass(frozen=True, slots=True)
class ReportedAction:
    """A candidate: the sentence, its verb, the content of its clause, its features and what they weigh."""

    sentence: Sentence
    verb: str
    about: frozenset[str]
    features: dict[str, float]
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether it is claimed."""
        return self.score >= scorer(ACTION).thresholds.get("claim", 0.0)


ACTION = "action"
_MOST = 12  # verbs of a sentence: those beyond are not read


class Known:
    """What the old narrative says, asked for by each candidate."""

    def __init__(self, old: Sequence[Sentence], seen: date) -> None:
        self._old = old
        self.seen = seen

    @cached_property
    def stems(self) -> list[frozenset[str]]:
        """The content of each sentence."""
        return [one.stems for one in self._old]

    @cached_property
    def every(self) -> frozenset[str]:
        """The content of all."""
        return frozenset[str]().union(*self.stems)

    @cached_property
    def figures(self) -> frozenset[str]:
        """All numbers, those of dates among them."""
        return frozenset(figure.rstrip(",.") for one in self._old for figure in _FIGURE.findall(one.text))

    @cached_property
    def days(self) -> frozenset[date]:
        """The last days of all dates."""
        return frozenset(mention.last for one in self._old for mention in one.dates)

    def expects(self, day: date) -> bool:
        """Whether every sentence that names a day speaks of plans."""
        naming = (one for one in self._old if any(mention.last == day for mention in one.dates))
        return all(any(name in _PLANS for name, _ in one.spoken) for one in naming)

    @cached_property
    def reviewed(self) -> date:
        """The last date of a report or of GAO's review: what is later is new."""
        told = [mention.last for one in self._old for mention in one.reviews]
        return max(told, default=date.min)

    @cached_property
    def is_boilerplate(self) -> bool:
        """Whether nothing was reported yet."""
        return all(one.stock or one.boilerplate for one in self._old)


def _figures(text: str) -> list[str]:
    return [figure.rstrip(",.") for figure in _FIGURE.findall(without_dates(text))]


def find_reports(sentence: Sentence, known: Known) -> Iterator[ReportedAction]:
    """All verbs of a sentence that tell something as done."""
    return islice(_find(sentence, known), _MOST)


def _find(sentence: Sentence, known: Known) -> Iterator[ReportedAction]:
    frame = {"bias": 1.0} | _frame_of(sentence)
    for clause in sentence.clauses:
        about: frozenset[str] | None = None
        for verb, features in _verbs(clause):
            if about is None:
                about = frozenset(map(merged, content(without_dates(clause.text))))
            every = frame | features | _news(sentence, clause, verb, about, known)
            yield ReportedAction(sentence, verb, about, every, scorer(ACTION).weigh(every))


def action_signals(old: Sequence[Sentence], came: Sequence[Sentence], seen: date) -> Iterator[Signal]:
    """One for each sentence that surely reports what the old narrative did not."""
    known = Known(old, seen)
    for sentence in came:
        if not sentence.stock and any(report.is_sure for report in find_reports(sentence, known)):
            yield Signal("action_reported", sentence.text)


def _frame_of(sentence: Sentence) -> dict[str, float]:
    """What holds of a whole sentence."""
    found = {
        "sentence of a past report": _PAST_REPORT.search(sentence.text) is not None,
        "sentence says no date": not sentence.dates,
        "sentence of GAO": sentence.clauses[0].actor is Actor.GAO,
        "speaks of GAO": _GAO.search(sentence.text) is not None,
    }
    return {name: 1.0 for name, holds in found.items() if holds}


def _verbs(clause: Clause) -> Iterator[tuple[str, dict[str, float]]]:
    tokens = [
        (at[0].lower() if at[0] != "May" else "", at.start(), at.end()) for at in _WORD.finditer(clause.text)
    ]
    base = _frame_of_clause(clause)
    for index, (token, _, _) in enumerate(tokens):
        if token not in _NO_ACTION and (token in DEEDS or token in _IRREGULAR or is_past(token)):
            frame = _frame_of_verb(clause, tokens, index)
            if frame is not None:
                yield token, base | frame
    for so in _NOW_SO.finditer(clause.text):
        if not _AHEAD.search(clause.text[: so.start()]) and not _DENIED.search(clause.text[: so.start()]):
            yield so["so"], base | {"verb tells a state": 1.0}


def _frame_of_clause(clause: Clause) -> dict[str, float]:
    found = {
        f"actor {clause.actor.value}": True,
        f"clause {clause.opener or 'first'}": True,
        "clause hypothetical": clause.hypothetical,
        "clause background": clause.background,
    }
    return {name: 1.0 for name, holds in found.items() if holds}


def _is_verb(token: str) -> bool:
    return token in _BE or token in _HAVE or token in _MODALS or token in _SPEECH or is_past(token)


def _auxiliaries(tokens: list[tuple[str, int, int]], index: int) -> tuple[list[str], int]:
    """The adverbs, modals and forms of have and be before a verb, and the place of the word before them."""
    chain: list[str] = []
    at = index - 1
    while at >= 0 and any(tokens[at][0] in words for words in (_ADVERBS, _MODALS, _HAVE, _BE)):
        chain.append(tokens[at][0])
        at -= 1
    return chain, at


def _kind_of_verb(token: str) -> str:
    kinds = {"speech": _SPEECH, "mind": _MIND, "state": _STATE, "deed": DEEDS}
    return next((kind for kind, verbs in kinds.items() if token in verbs), "other")


def _frame_of_verb(clause: Clause, tokens: list[tuple[str, int, int]], index: int) -> dict[str, float] | None:
    token, start, end = tokens[index]
    chain, at = _auxiliaries(tokens, index)
    if any(word in _MODALS for word in chain):
        return None
    before = clause.text[:start]
    perfect, passive = any(w in _HAVE for w in chain), any(w in _BE for w in chain)
    head = clause.subject.split()[-1].lower().strip("().,") if clause.subject else ""
    active = not perfect and not passive
    follows = at >= 0 and tokens[at][0].strip("-") == head.split("(")[-1].strip("-")
    follows = follows or (clause.inherits and at <= 0)
    other = any(_is_verb(one) for one, _, _ in tokens[: at + 1])
    if active and ((at >= 0 and tokens[at][0] in _ARTICLES) or (other and not follows)):
        return None
    kind = _kind_of_verb(token)
    found = {
        f"verb of {kind}": True,
        "perfect": perfect,
        "passive": passive,
        "passive by": passive and bool(re.match(r"\sby\s", clause.text[end:])),
        "active after subject": active and follows,
        "active, apart": active and not follows,
        "present passive": passive and not perfect and any(w in {"is", "are"} for w in chain),
        "agency, deed": clause.actor is Actor.AGENCY and kind in {"deed", "other"},
        "thing, active": clause.actor is Actor.THING and active,
        "another verb before it": other,
        "plan ahead of it": bool(_AHEAD.search(before)),
        "denied": bool(_DENIED.search(before)),
        "nothing done": bool(_NOTHING.match(clause.text, end)),
        "told to GAO": bool(_TO_GAO.match(clause.text, end)),
        "draft": bool(_DRAFTED.search(clause.text)),
    }
    return {name: 1.0 for name, holds in found.items() if holds}


def _news(
    sentence: Sentence, clause: Clause, verb: str, about: frozenset[str], known: Known
) -> dict[str, float]:
    """What of it the old narrative did not have."""
    stop = clause.start + len(clause.text)
    inside = [mention for mention in sentence.dates if clause.start <= mention.start <= stop]
    past = [mention for mention in inside or sentence.dates if mention.first <= known.seen]
    days = {mention.last for mention in past}
    told = days & known.days
    found = {
        "past date": bool(days),
        "past date not told before": bool(days - told),
        "past date told before": bool(told) and days == told,
        "past date told before as expected": any(map(known.expects, told)),
        "later than last review": known.reviewed > date.min
        and any(day > known.reviewed for day in days - told),
        "dated in its clause": bool(inside),
        "figure not told before": any(one not in known.figures for one in _figures(clause.text)),
        "verb told before": merged(lemma(verb)) in known.every,
        "nothing reported before": known.is_boilerplate,
    }
    best = max((len(about & stems) / len(about) for stems in known.stems), default=0.0) if about else 1.0
    found["told in one sentence, verb too"] = best >= _ALL and found["verb told before"]
    share = len(about - known.every) / len(about) if about else 0.0
    shares = {"share of new words": share, "told in one sentence": best}
    return {name: 1.0 for name, holds in found.items() if holds} | shares
