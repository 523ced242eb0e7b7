"""A passage read as the set of what its words stand for, and what stands in which relation to what."""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from workers.meaning.sentences import words
from workers.meaning.significance.reading.actors import by_short_names, is_short_name, short_name
from workers.meaning.significance.reading.synonyms import STATIVE, canonical, plainly
from workers.meaning.significance.reading.wordforms import TOKEN, in_figures, is_past


def forms(listed: str) -> frozenset[str]:
    """What the words of a list stand for."""
    return frozenset(map(canonical, words(listed)))


_PIECE = re.compile(TOKEN.pattern + r"|[.;:,()]")
_BE = words("is are be am being")
_WAS = words("was were been")
_HAVE = words("has have had having")
_NOT = words("not no never nor neither none n't")
# Each says something of the word that follows, which is to be the same in both.
_BINDING = forms(
    "before after until than all some most few half each any nearly nigh except unless must will may instead"
)
_QUANTITIES = forms("all some most few half each any than instead before after except")
_SILENT = words(
    "a an the this that these those its their it they them he she there which on in at of to with or and "
    "also additionally furthermore moreover still currently recently remain remains continue continues "
    "agency officials official to then has have had"
)
ROLES = frozenset(
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
_NUMBER = r"(\d[\d,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
# "Of the nine sites, four had" is "Four of the nine sites had".
_OF_THE = re.compile(
    rf"\bof\s(?:the|its|their)\s{_NUMBER}\s([a-z-]+(?:\s[a-z-]+)?),\s{_NUMBER}\b", re.IGNORECASE
)
_NOT_BEFORE = re.compile(r"(\bnot\s[^.;,]{3,80}?\s)before\s")
_HALVED = re.compile(r"\b(geo|multi|non|pre|re|co|inter|sub|bi|semi|under|over)-(?=[a-z])", re.IGNORECASE)


@dataclass(slots=True)
class Passage:
    """What a passage says: the set of its words' forms, and what stands in which relation to what."""

    said: set[str] = field(default_factory=set)
    bound: set[tuple[str, str]] = field(default_factory=set)
    agents: dict[str, set[str]] = field(default_factory=dict)
    figures: dict[str, set[str]] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)
    denials: int = 0


@lru_cache(maxsize=20_000)
def is_role(word: str) -> bool:
    """Whether a word in lower case is for somebody other than the agency: "the vendor", "states"."""
    return canonical(word) in ROLES


FILLERS = sorted(word for word in _SILENT if len(word) > 5)


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
    elif is_past(low) or low in PAST:
        ending = "ed"
    return found, ending, found in ROLES


_REST = canonical("remaining")
PAST = words(
    "wrote written rewrote built sent held made began begun took taken gave given found paid bought met told "
    "used said withdrew withdrawn chose chosen undertook undertaken kept left lost done spent knew "
    "known"
)
_ALWAYS_BARE = words(
    "say expect concur refused refus dedicat relat bas locat involv affect limit interest requir"
)


class _Reader:
    """Reads a passage word by word."""

    def __init__(self) -> None:
        self.passage = Passage()
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

    def read(self, text: str) -> Passage:
        """Take in all of it."""
        pieces = _PIECE.findall(text)
        for piece, follows in zip(pieces, [*pieces[1:], "."], strict=False):
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
            if self._denied:
                self.passage.bound.add(("not", "do"))  # "they had not", "the reason is not"
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
        names = names and not token.endswith(("'s", "’s"))  # what "ETA's contractor" does, ETA does not
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
        if form in ROLES:
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


def read_passage(text: str) -> Passage:
    """Read a passage, its dates taken out."""
    text = _HALVED.sub(r"\1", by_short_names(text))
    text = _INTO_ACCOUNT.sub(r"consider \1", text)
    text = _NOT_BEFORE.sub(r"\1until ", text)
    text = _OF_THE.sub(r"\3 of the \1 \2", in_figures(text))
    text = _DOLLARS.sub(r"$\1", plainly(_AT_LEAST.sub(r"\1 or more", text)))
    text = _NO_SUBJECT.sub(r"\1\2 not ", text)
    return _Reader().read(text)


def quantified(text: str) -> set[tuple[str, str]]:
    """Each word for how many, how much or up to what, with the word that it is said of."""
    return {pair for pair in read_passage(text).bound if pair[0] in _QUANTITIES}
