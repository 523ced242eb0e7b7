"""Deeds that a narrative reports and the earlier one did not: neither as a deed nor in other words."""

import re
from collections.abc import Iterable, Iterator, Sequence

from workers.meaning.sentences import words
from workers.meaning.significance.claims.actions import Deed, find_deeds
from workers.meaning.significance.claims.positions import is_position
from workers.meaning.significance.comparison.passages import PAST
from workers.meaning.significance.reading.action_verbs import DEEDS
from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import Mention, without_dates
from workers.meaning.significance.reading.review_dates import is_review
from workers.meaning.significance.reading.synonyms import canonical, merged
from workers.meaning.significance.reading.wordforms import (
    are_kin,
    coverage,
    in_figures,
    is_past,
    lemma,
    unmatched,
)
from workers.values import Signal

_FIGURES = re.compile(r"\d[\d,]*")
_WORD = re.compile(r"[A-Za-z'’&-]+")


def action_signals(
    old: Sequence[Sentence], new: Iterable[Sentence], gone: Sequence[Sentence]
) -> Iterator[Signal]:
    """One for each sentence that tells of a deed which the old narrative did not report.

    `new`: the sentences that only the new narrative has; `gone`: those that only the old one had.
    """
    known: list[Deed] | None = None
    past: _Past | None = None
    for sentence in new:
        deeds = list(find_deeds(sentence))
        if deeds and known is None:
            known = [deed for earlier in old for deed in find_deeds(earlier)]
        left = [deed for deed in deeds if not _is_known(deed, known or ()) and not _is_told_again(deed, old)]
        if left and gone and past is None:
            past = _Past(old, gone)
        if any(past is None or not past.tells(deed, sentence) for deed in left):
            yield Signal("action_reported", sentence.text)


def _is_known(deed: Deed, known: Iterable[Deed]) -> bool:
    for other in known:
        if deed.verb == other.verb and deed.count and other.count and deed.count > other.count:
            continue  # "39 of its 52 tanks" after "14 of its 52 tanks"
        share = coverage(deed.about, other.about)
        same_day = deed.when is not None and deed.when == other.when
        if share >= 0.7 or (deed.verb == other.verb and same_day and share >= 0.4):
            return True
        of_what = deed.about - {deed.verb}
        if same_day and len(of_what) > 1 and coverage(of_what, other.about) >= 0.7:
            return True  # the same thing on the same day, in another word
    return False


def _is_told_again(deed: Deed, old: Sequence[Sentence]) -> bool:
    """Whether an old sentence tells it in words that were not read as a deed, or with its day and number."""
    every = frozenset[str]().union(*(sentence.content for sentence in old))
    every = frozenset(map(merged, every))
    for sentence in old:
        mine = frozenset(map(merged, sentence.content))
        if deed.verb not in mine and deed.verb not in map(canonical, _WORD.findall(sentence.low)):
            continue
        same_day = deed.when is not None and any(mention.last == deed.when for mention in sentence.dates)
        numbers = _FIGURES.findall(without_dates(deed.sentence))
        if (
            same_day
            and all(number in sentence.text for number in numbers)
            and coverage(deed.about, every) >= 0.7
        ):
            return any(found.verb == deed.verb for found in find_deeds(sentence))
    return False


# Verbs of one deed, where an old sentence and a new one tell of it; the first stands for all.
_ALIKE = (
    "establish form create stand set",
    "install put place deploy equip",
    "update revise change alter amend modify rewrite adjust",
    "add include insert incorporate expand extend broaden enter",
    "test trial pilot try",
    "provide send submit share give deliver transmit forward supply receive obtain get come",
    "hire engage employ recruit retain onboard fill",
    "direct order instruct require ask tell request call",
    "prepare draft write develop devise design build create compose compile produce",
    "conduct perform implement hold carry undertake execute apply use",
    "complete finish finalize conclude close",
    "examine assess review analyze evaluate check inspect study audit",
    "collect gather compile obtain receive",
    "issue publish release post distribute disseminate circulate",
    "train teach educate instruct",
    "remove delete withdraw eliminate",
    "move migrate transfer transition shift",
    "choose select identify designate",
)
# Their object is what is done: "completed a review of", "held four webinars".
_LIGHT = frozenset(map(canonical, words("conduct hold make provide complete take put carry perform give")))
_MODALS = words("will would could may might should must can cannot to be being not never yet")
_HAVE_BE = words("has have had having was were been")
_ADVERBS = words(
    "also then later subsequently recently formally successfully fully partially already since now both "
    "previously officially jointly initially further finally first largely substantially"
)
_BEFORE_NOUN = words("the a an its their this that these those any no such each all of for with on in new")
_AHEAD = re.compile(
    r"\b(?:will|would|plan\w*|expect\w*|inten\w+|anticipat\w*|aim\w*|(?<!ccording )to|should|must|may|could|"
    r"if|whether|estimate[sd]?|not|no|never|until|once)\b",
    re.IGNORECASE,
)
_SAYING = words(
    "said stated told reported noted indicated informed explained added acknowledged estimated agreed "
    "concurred disagreed recommended planned projected expected anticipated intended needed based "
    "related required"
)
_BEGUN = re.compile(r"\b(?:began|begun|started)\s(?:to\s)?([a-z]{4,})")
_COME = words("come came gone went")
_IS_SO = re.compile(
    r"\b(?:is|are|was|were)\s(?:now\s)?(complete|final|ready|in\s(?:place|use|effect|force))\b"
)
_STATES = {"complete": "complete", "final": "complete", "ready": "complete"}
_MOST_NEW = 0.3  # of a deed's words: more that the old narrative lacks, and it is about something else
_NEAR = 0.5  # of them, at least, in the sentence that tells the same deed, or beside it


def _kinds() -> dict[str, frozenset[int]]:
    kinds: dict[str, set[int]] = {}
    for number, line in enumerate(_ALIKE):
        for word in words(line):
            kinds.setdefault(canonical(word), set()).add(number)
    return {verb: frozenset(numbers) for verb, numbers in kinds.items()}


_KINDS = _kinds()
_NONE = frozenset[int]()


def _are_alike(verb: str, other: str) -> bool:
    if are_kin(verb, other):
        return True
    return not _KINDS.get(verb, _NONE).isdisjoint(_KINDS.get(other, _NONE))


class _Past:
    """What an old narrative tells as done, in whatever grammar."""

    def __init__(self, old: Sequence[Sentence], gone: Sequence[Sentence]) -> None:
        self._old = old
        self._stems = [frozenset(map(merged, sentence.content)) for sentence in old]
        self._every = frozenset[str]().union(*self._stems)
        told = [_done_in(sentence) if sentence in gone else (frozenset[str](),) * 2 for sentence in old]
        self._done, self._drafted = [done for done, _ in told], [drafted for _, drafted in told]
        self._figures = frozenset(number for sentence in old for number in _figures(sentence.text))
        self._dates = [mention for sentence in old for mention in sentence.dates]

    def tells(self, deed: Deed, sentence: Sentence) -> bool:
        """Whether a new sentence tells a deed of the old narrative again."""
        about = frozenset(word for word in deed.about - _EMPTY if not are_kin(word, deed.verb))
        figures = _figures(deed.clause)
        if not figures <= self._figures or not self._has_dates(deed, sentence):
            return False
        if not about:
            return deed.verb == _TAKE and any(self._done)  # "has taken steps", after such
        verbs = {deed.verb, *(_object(deed) if deed.verb in _LIGHT else ())}
        place = self._place_of(deed, sentence, verbs, about)
        if place is None or _goes_further(deed.clause, self._old[place].text):
            return False
        shared = figures & _figures(self._old[place].text)
        most_new = _NEAR if len(shared) > 1 else _MOST_NEW
        return len(unmatched(about, self._every)) <= most_new * len(about)

    def _place_of(self, deed: Deed, sentence: Sentence, verbs: set[str], about: frozenset[str]) -> int | None:
        """Which old sentence tells of the verb done to most of what it is done to; None for none."""
        best: tuple[bool, int, bool] | None = None
        place = None
        for index, (old, stems) in enumerate(zip(self._old, self._stems, strict=True)):
            done = self._done[index] | (self._drafted[index] if "draft" in sentence.low else frozenset())
            same = any(_are_alike(verb, other) for verb in verbs for other in done)
            same = same or (bool(done) and self._is_same_paper(deed, index))
            if not same and (deed.verb not in stems or is_position(old)):
                continue
            marked = same and (_figures(deed.clause) & _figures(old.text) or _share_day(sentence, old))
            lacks = (not marked, len(unmatched(about, stems)), not same)
            if best is None or lacks < best:
                best, place = lacks, index if same else None
        if place is None or not unmatched(about, self._stems[place]) < about:
            return None
        beside = frozenset[str]().union(*self._stems[max(0, place - 1) : place + 2])
        return place if len(unmatched(about, beside)) <= _NEAR * len(about) else None

    def _is_same_paper(self, deed: Deed, index: int) -> bool:
        """Whether a memorandum told of as issued is the one of that day in which something was done."""
        if deed.verb not in _GIVEN_OUT or deed.when is None:
            return False
        dated = any(mention.last == deed.when for mention in self._old[index].dates)
        return dated and bool(deed.about & self._stems[index] & _PAPERS)

    def _has_dates(self, deed: Deed, sentence: Sentence) -> bool:
        """Whether each day of the deed stands in the old narrative; those on which GAO looked are none."""
        start = sentence.text.find(deed.clause)
        first = 0 if _WHEN.fullmatch(sentence.text, 0, start) else start
        inside = [one for one in sentence.dates if first <= one.start < start + len(deed.clause)]
        own = (one for one in inside if not is_review(sentence.text, one))
        return all(any(_meet(one, other) for other in self._dates) for one in own)


_WHEN = re.compile(r"(?:In|On|By|During|Since)\s[^,]{3,24}(?:,\s\d{4})?,\s")


def _meet(one: Mention, other: Mention) -> bool:
    return one.first <= other.last and other.first <= one.last


# More than was told before, or another one.
_FURTHER = re.compile(
    r"\b(?:all|every|both|remaining|rest|others?|another|additional(?:ly)?|more|second|third|final|last|new|fully|entire|permanent)\b",
    re.IGNORECASE,
)
_PAPERS = frozenset(
    map(canonical, words("memorandum memo letter bulletin directive notice order policy guidance"))
)
_GIVEN_OUT = frozenset(map(canonical, words("issued sent published released signed")))
_EMPTY = frozenset(map(canonical, words("up out but place effect part entire")))


def _figures(text: str) -> frozenset[str]:
    bare = without_dates(in_figures(text))
    return frozenset(
        found
        for word in re.findall(r"\$?\d[\d,.]*\d|\d|[A-Za-z]+", bare)
        if (found := lemma(word))[0].isdigit()
    )


def _object(deed: Deed) -> frozenset[str]:
    """What follows a deed's verb: "completed reviews of" is told as "reviewed", too."""
    for found in _WORD.finditer(deed.clause):
        if canonical(found[0].lower()) == deed.verb:
            head = _OBJECT.match(deed.clause, found.end())
            return frozenset(map(canonical, head[0].lower().split())) if head else frozenset()
    return frozenset()


_OBJECT = re.compile(r"(?:\s(?!of\b|for\b|on\b|in\b|with\b|at\b|to\b|that\b)[\w'’-]+){1,4}")
_TAKE = canonical("taken")


def _goes_further(new: str, old: str) -> bool:
    """Whether it is more than the old words told, or another: "for all nine" after "for five"."""
    if _counts_others(new, old):
        return True
    figures = _figures(new)
    for some, every in _OF_ALL.findall(in_figures(old)):
        if lemma(every) in figures and lemma(some) not in figures:
            return True
    return bool(_FURTHER.search(new)) and not _FURTHER.search(old)


def _counts_others(new: str, old: str) -> bool:
    figures, counted = _figures(new), _figures(old)
    return bool(figures and counted) and figures.isdisjoint(counted)


def _share_day(one: Sentence, other: Sentence) -> bool:
    """Whether both have a date on which something was done."""
    mine = {mention.last for mention in one.dates if not is_review(one.text, mention)}
    return any(day.last in mine and not is_review(other.text, day) for day in other.dates)


def _done_in(sentence: Sentence) -> tuple[frozenset[str], frozenset[str]]:
    """The verbs of all that it tells as done, active, passive or in a participle; those of drafts apart."""
    found: tuple[set[str], set[str]] = (set(), set())
    for clause in sentence.clauses:
        if not clause.hypothetical and (clause.actor is not Actor.GAO or _HEARD.search(clause.text)):
            found["draft" in clause.text.lower()].update(_done_in_clause(clause))
    return frozenset(found[False]), frozenset(found[True])


_HEARD = re.compile(r"\b(?:learned|told|informed)\b")
_NUMBER = r"(\d[\d,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_OF_ALL = re.compile(rf"\b{_NUMBER}\s(?:out\s)?of\s(?:[\w'’]+\s)?{_NUMBER}\b", re.IGNORECASE)


def _done_in_clause(clause: Clause) -> Iterator[str]:
    tokens = [(at[0].lower(), at.start()) for at in _WORD.finditer(clause.text)]
    for index, (token, start) in enumerate(tokens):
        past = token in DEEDS or token in PAST or token in _COME or is_past(token)
        if past and token not in _SAYING and _is_told_as_done(clause.text, tokens, index, start):
            yield canonical(token)
    for begun in _BEGUN.finditer(clause.text):
        if not _AHEAD.search(clause.text[: begun.start()]):
            yield canonical(begun[1].lower())
    for state in _IS_SO.finditer(clause.text):
        if not _AHEAD.search(clause.text[: state.start()]):
            yield _STATES.get(state[1].lower(), canonical("put"))


def _is_told_as_done(text: str, tokens: list[tuple[str, int]], index: int, start: int) -> bool:
    at = index - 1
    chain: list[str] = []
    while at >= 0 and tokens[at][0] in _MODALS | _HAVE_BE | _ADVERBS:
        chain.append(tokens[at][0])
        at -= 1
    if any(word in _MODALS for word in chain) or re.search(
        r"\b[Nn]o(?:ne|t)?\b|\b[Nn]either\b", text[:start]
    ):
        return False
    if any(word in _HAVE_BE for word in chain):
        return True
    if at >= 0 and tokens[at][0] in _BEFORE_NOUN:
        return False  # "the revised guide"
    return not _AHEAD.search(text[:start])
