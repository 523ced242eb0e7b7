"""Whether two passages say the same in other words, whatever their order and their sentences' bounds.

Both are read as the set of what their words stand for (see synonyms). Beyond that must agree: figures
and names, what is denied and how far, what is under way and what is done, and who does what.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from workers.sentences import words
from workers.significance.actors import by_short_names, is_short_name, short_name
from workers.significance.done import DEEDS
from workers.significance.synonyms import STATIVE, canonical, plainly
from workers.significance.typos import respelled
from workers.significance.wordforms import TOKEN, in_figures, is_past


def _forms(listed: str) -> frozenset[str]:
    return frozenset(map(canonical, words(listed)))


_PIECE = re.compile(TOKEN.pattern + r"|[.;:,()]")
_BE = words("is are be am being")
_WAS = words("was were been")
_HAVE = words("has have had having")
_NOT = words("not no never nor neither none n't")
# Each says something of the word that follows, which is to be the same in both.
_BINDING = _forms(
    "before after until than all some most only few half each any nearly nigh "
    "except unless must will may instead"
)
_QUANTITIES = _forms("all some most only few half each any than instead before after except")
_SILENT = words(
    "a an the this that these those its their it they them he she there which on in at of to with or and "
    "also additionally furthermore moreover still currently recently remain remains continue continues "
    "agency officials official to then has have had"
)
_ROLES = frozenset(
    canonical(word)
    for word in words(
        "contractor vendor grantee recipient manufacturer lender borrower operator provider company owner "
        "industry carrier tribe university hospital supplier employer taxpayer veteran applicant auditor "
        "consultant committee court inspector bank airline school district county city partner"
    )
) | {"STATE", "GAO"}
_NO_SUBJECT = re.compile(
    r"\bno\s((?:(?!which|that|who|when|whether|how|if|to\b|by\b)[\w'’-]+\s){1,8}?)(?=(?:has|have|had|is|are|was|were|will|would)\b(?!\snot))"
    r"(has|have|had|is|are|was|were|will|would)\s",
    re.IGNORECASE,
)
_DOLLARS = re.compile(r"(?<![$\d.,])(\d[\d,.]*)\sdollars\b", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"\b(?:at\sleast|no\s(?:fewer|less)\sthan|a\sminimum\sof)\s(\$?\d[\d,.]*)(?=\s)", re.IGNORECASE
)
_INTO_ACCOUNT = re.compile(
    r"\btak(?:e|es|ing)\s((?:[\w'’-]+\s){1,4})into\s(?:consideration|account)\b", re.IGNORECASE
)
_NOT_BEFORE = re.compile(r"(\bnot\s[^.;,]{3,80}?\s)before\s")
_HALVED = re.compile(r"\b(geo|multi|non|pre|re|co|inter|sub|bi|semi|under|over)-(?=[a-z])", re.IGNORECASE)
_MOST_APART = 0.6  # of the words of two passages: more that stand in only one, and they are not compared


@dataclass(slots=True)
class _Passage:
    """What a passage says: the set of its words' forms, and what stands in which relation to what."""

    said: set[str] = field(default_factory=set)
    bound: set[tuple[str, str]] = field(default_factory=set)
    agents: dict[str, set[str]] = field(default_factory=dict)
    figures: dict[str, set[str]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    denials: int = 0


def reworded(old: str, new: str, own: frozenset[str] = frozenset(), *, loosely: bool = False) -> bool:
    """Whether two passages, their dates taken out, say the same.

    `own`: names of the agency, which "it" and "the agency" may stand for. `loosely`: a word or two may be
    others, where so much is put in another order that this is a new wording and no new word.
    """
    if _letters(old) == _letters(new):
        return True
    one, other = _read(respelled(old, new, _LONG_SILENT)), _read(new)
    apart = {word for word in one.said ^ other.said if not _is_told_as_noun(word, one, other)}
    if (named := apart & own) <= one.said or named <= other.said:
        apart -= named  # named on one side, "it" or "the agency" on the other
    if apart and not (loosely and _is_recast(one, other, apart - own)):
        return False
    if _conflict(one.agents, other.agents) or (
        len(one.figures) > 1 and _conflict(one.figures, other.figures)
    ):
        return False
    if one.others != other.others and _by_others(one, other) != _by_others(other, one):
        return False
    if loosely:
        return one.denials == other.denials and _bound_loosely(one) == _bound_loosely(other)
    return one.bound == other.bound


def _bound_loosely(passage: _Passage) -> set[tuple[str, str]]:
    """Whether something will, may or must be, whatever the word; and what is said of how many of what."""
    modal = {"will", "may", "must", "until", "unless"}
    return {(word, "" if word in modal else form) for word, form in passage.bound if word != "not"}


# What is done, begun, meant or final is never passed over.
_LOADED = words(
    "begin complete plan expect will may able draft final interim temporary pilot test propose "
    "approve consider decide intend hope commit agree concur refuse accept reject require "
    "voluntary ongoing delay postpone cancel stop end increase reduce more less new first second "
    "third last full partial fully partially some all most many few half quarter every yearly "
    "monthly quarterly other than if unless until before after without only except never now "
    "could should must can"
)
_TELLING = frozenset(map(canonical, _LOADED | DEEDS)) | {"NOT", "ONGOING"}
_MOST_RECAST = 3  # words of both sides together
_LEAST_SHARED, _LEAST_BESIDE_LIGHT, _SHARE = 5, 3, 0.8
_RECAST = 0.85  # of the words that both have stand in one order: more, and words were put in or replaced


# Words that carry a sentence along: put in or left out, they change nothing of what it says.
_LIGHT = frozenset(
    map(
        canonical,
        words(
            "provide provided send sent place placed cover covers make made making give gave use used using "
            "comment comments dated date responsible reason later earlier respective relevant involve "
            "involved serve happen place related go currently how case way matter contain contains include "
            "includes including see have do did done"
        ),
    )
)


def _is_recast(one: _Passage, other: _Passage, apart: set[str]) -> bool:
    """Whether all is there in another wording: some words left out or put in, some in another form."""
    shared, every = one.said & other.said, one.said | other.said
    mine, others = _unpaired(apart & one.said, apart & other.said)
    left = {word for word in mine | others if word.partition("+")[0] not in _LIGHT}
    if (
        len(shared) < (_LEAST_SHARED if left else _LEAST_BESIDE_LIGHT)
        or len(apart) > len(shared) * _MOST_APART_OF_SHARED
    ):
        return False
    for word in apart:
        bare = word.partition("+")[0]
        if bare in every and f"{bare}+ed" in every and not _both_ways(bare, one, other):
            return False  # under way on one side, done on the other
    if any(_is_telling(word) for word in left):
        return False
    if not left:
        return True
    if len(left) > _MOST_RECAST or len(shared) < _SHARE * len(every):
        return False
    matcher = SequenceMatcher(None, one.order, other.order, autojunk=False)
    return matcher.ratio() < _RECAST * matcher.quick_ratio()


def _both_ways(bare: str, one: _Passage, other: _Passage) -> bool:
    """Whether each side has a word both in the past and otherwise."""
    return all(bare in side.said and f"{bare}+ed" in side.said for side in (one, other))


def _is_telling(word: str) -> bool:
    bare = word.partition("+")[0]
    return bare in _TELLING or bare in _ROLES or not bare.islower() or not bare.isalpha()


def _unpaired(mine: set[str], others: set[str]) -> tuple[set[str], set[str]]:
    """Without the words of which the other side has another form: "help" and "helpful"."""
    mine, others = set(mine), set(others)
    for word in sorted(mine):
        head = word.partition("+")[0][:_ROOT]
        whole = len(head) == _ROOT and head.isalpha()
        twin = next((w for w in sorted(others) if whole and w.startswith(head)), None)
        if twin is not None and word.endswith("+ed") == twin.endswith("+ed"):
            mine.discard(word)
            others.discard(twin)
    return mine, others


_ROOT = 5  # letters that two forms of a word share
_MOST_APART_OF_SHARED = 0.5


_NOUN = re.compile(r"(?:tion|sion|ment|al|ance|ence|sis|ure)s?$")


def _is_told_as_noun(word: str, one: _Passage, other: _Passage) -> bool:
    """Whether one side has as a noun what the other has as a verb: "it objected", "its objection was"."""
    bare, _, past = word.partition("+")
    verb = f"{bare}+ed"
    for here, there in ((one, other), (other, one)):
        if verb in here.said and bare in there.said and _NOUN.search(there.spelled.get(bare, "")):
            return past != "" or bare not in here.said
    return False


def may_be_reworded(old: Iterable[Iterable[str]], new: Iterable[Iterable[str]]) -> bool:
    """Whether enough of the words are the same that reading both closely may pay."""
    one, other = ({word.partition("+")[0] for line in lines for word in line} for lines in (old, new))
    return len(one ^ other) <= _MOST_APART * len(one | other) if one and other else False


_SIGNS = re.compile(r"[^\w$%.]|\.(?!\d)|_")


def quantified(text: str) -> set[tuple[str, str]]:
    """Each word for how many, how much or up to what, with the word that it is said of."""
    return {pair for pair in _read(text).bound if pair[0] in _QUANTITIES}


@lru_cache(maxsize=20_000)
def is_role(word: str) -> bool:
    """Whether a word in lower case is for somebody other than the agency: "the vendor", "states"."""
    return canonical(word) in _ROLES


def _letters(text: str) -> str:
    return _SIGNS.sub("", text).lower()


def _conflict(one: dict[str, set[str]], other: dict[str, set[str]]) -> bool:
    """Whether some word that both have stands beside quite others."""
    return any(one[word].isdisjoint(other[word]) for word in one.keys() & other.keys())


def _by_others(here: _Passage, there: _Passage) -> set[tuple[str, str]]:
    """What others than the agency do, where both sides speak of it: no pronoun stands for them."""
    doing = here.agents.items()
    return {(word, who) for word, agents in doing for who in agents & _ROLES if word in there.said}


_LONG_SILENT = sorted(word for word in _SILENT if len(word) > 5)


@lru_cache(maxsize=20_000)
def _form(token: str) -> tuple[str, str, bool]:
    """A word's form, its ending ("ing", "ed" or ""), and whether it names somebody."""
    low = token.lower().replace("’", "'").removesuffix("'s")
    bare = re.sub("['’]s$", "", token)
    if name := short_name(bare) or (bare if is_short_name(bare) else ""):
        return name, "", True
    if token.isupper() and len(token) > 1 and low not in _NOT:
        return token, "", True
    if low in _SILENT:
        return "", "", False
    found = canonical(low)
    ending = ""
    if (low.endswith("ing") and len(low) > 5) or low == "doing":
        ending = "ing"
    elif is_past(low) or low in _PAST:
        ending = "ed"
    return found, ending, found in _ROLES


_REST = canonical("remaining")
_PAST = words(
    "wrote written rewrote built sent held made began begun took taken gave given found paid bought met told "
    "used said withdrew withdrawn chose chosen undertook undertaken kept left lost done put set spent knew "
    "known"
)
_ALWAYS_BARE = words("say expect concur refused refus")


class _Reader:
    """Reads a passage word by word."""

    def __init__(self) -> None:
        self.passage = _Passage()
        self._be = ""
        self._by = False
        self._denied = False
        self._binding: list[str] = []
        self._before = ""
        self._passive = ""
        self._actor = ""
        self._figure = ""
        self._of = ""
        self._apart = False
        self._expected = False
        self._made = False

    def read(self, text: str) -> _Passage:
        """Take in all of it."""
        pieces = _PIECE.findall(text)
        for piece, follows in zip(pieces, [*pieces[1:], "."], strict=True):
            if piece in ".;:,()":
                self._stop(piece)
            else:
                self._made = follows == "by"  # "the data submitted by ports", which they submit
                self._take(piece.rstrip(","))
        self._stop(".")
        return self.passage

    def _stop(self, sign: str) -> None:
        self._be, self._by = "", False
        if sign in ".;:":
            self._expected = False
            self._denied, self._binding, self._actor = False, [], ""
            self._end_figure("")

    def _take(self, token: str) -> None:
        low = token.lower()
        if low in _BE or low in _WAS:
            self._be = "being" if low == "being" else "is" if low in _BE else "was"
            return
        if low in _HAVE:
            return
        if low in _NOT or low.endswith("n't"):
            self._denied = True
            self.passage.said.add("NOT")
            self.passage.denials += 1
            return
        if low == "by":
            self._by = True
        if low in {"of", "with", "to", "for", "in", "at", "from", "on"}:
            self._apart = True
            self._be = ""  # "will be in a revised circular" revises none
        form, ending, names = _form(token)
        if form == "will" and self._expected:
            return  # "expects that it will be complete", "expects to complete it"
        self._expected |= form == "expect"
        if form:
            self._say(form, ending, names, low)

    def _say(self, form: str, ending: str, names: bool, low: str) -> None:
        passage = self.passage
        past = False
        if ending == "ing" and self._be and form not in STATIVE and not self._denied:
            passage.said.add("ONGOING")
        elif ending == "ed":
            if self._be == "being":
                passage.said.add("ONGOING")
            past = self._be not in {"is", "being"} and not self._denied and form not in _ALWAYS_BARE
            past = past and not (self._made and not self._be)
        passive = form if ending == "ed" else ""
        full = f"{form}+ed" if past else form
        passage.said.add(full)
        passage.spelled[full] = low
        passage.order.append(form)
        if form in _ROLES:
            passage.others[form] += 1
        if form in _BINDING:
            self._binding.append(form)
            self._apart = False
            return
        if form in {"ONGOING", "able"}:
            return
        self._relate(form, names, passive)
        self._be = ""

    def _end_figure(self, form: str) -> None:
        """A figure counts what follows it; where nothing does, what precedes it."""
        if self._figure:
            self.passage.figures.setdefault(self._figure, set()).add(form or self._of)
        self._figure = ""

    def _relate(self, form: str, names: bool, passive: str) -> None:
        passage = self.passage
        if self._denied:
            passage.bound.add(("not", form))
            self._denied = False
        for word in self._binding:
            passage.bound.add((word, form))
        self._binding = []
        if form != _REST:  # "the two remaining ones", "the remaining two"
            self._end_figure(form)
        if form[0].isdigit() or form[0] == "$":
            self._figure, self._of = form, self._before
        self._before = form
        if names:
            if self._by and self._passive:
                passage.agents.setdefault(self._passive, set()).add(form)
            elif not self._apart:
                self._actor = form
        elif self._actor:
            passage.agents.setdefault(form, set()).add(self._actor)
            self._actor = ""
        self._passive = passive if not names else self._passive
        self._by = self._apart = False


def _read(text: str) -> _Passage:
    text = _HALVED.sub(r"\1", by_short_names(text))
    text = _INTO_ACCOUNT.sub(r"consider \1", text)
    text = _NOT_BEFORE.sub(r"\1until ", text)
    text = in_figures(text)
    text = _DOLLARS.sub(r"$\1", plainly(_AT_LEAST.sub(r"\1 or more", text)))
    text = _NO_SUBJECT.sub(r"\1\2 not ", text)
    return _Reader().read(text)
