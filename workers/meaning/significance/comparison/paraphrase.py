"""Whether two passages say the same in other words, whatever their order and their sentences' bounds.

Both are read as the set of what their words stand for (see synonyms). Beyond that must agree: figures
and names, what is denied and how far, what is under way and what is done, and who does what.
"""

import re
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher

from workers.meaning.sentences import words
from workers.meaning.significance.comparison.passages import FILLERS, ROLES, Passage, forms, read_passage
from workers.meaning.significance.comparison.typos import respelled
from workers.meaning.significance.reading.action_verbs import DEEDS
from workers.meaning.significance.reading.synonyms import canonical

_MOST_APART = 0.6  # of the words of two passages: more that stand in only one, and they are not compared


def reworded(old: str, new: str, own: frozenset[str] = frozenset(), *, loosely: bool = False) -> bool:
    """Whether two passages, their dates taken out, say the same.

    `own`: names of the agency, which "it" and "the agency" may stand for. `loosely`: a word or two may be
    others, where so much is put in another order that this is a new wording and no new word.
    """
    if _letters(old) == _letters(new):
        return True
    one, other = read_passage(respelled(old, new, FILLERS)), read_passage(new)
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
        return _denied_alike(one, other) and _bound_loosely(one) == _bound_loosely(other)
    return one.bound == other.bound


_CARRIERS = forms("done use how make give")


def _denied_alike(one: Passage, other: Passage) -> bool:
    """Whether as much is denied, and of the same words or of such as only carry a sentence along."""
    mine, others = ({form for word, form in side.bound if word == "not"} for side in (one, other))
    apart = (mine - others, others - mine)
    light = all(apart) and any(side <= _CARRIERS for side in apart)
    return one.denials == other.denials and (light or not any(apart))


def _bound_loosely(passage: Passage) -> set[tuple[str, str]]:
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
            "involved serve happen place related go currently how long case way matter contain contains "
            "include includes including see have do did done cite cited mention mentioned describe described"
        ),
    )
)


def _is_recast(one: Passage, other: Passage, apart: set[str]) -> bool:
    """Whether all is there in another wording: some words left out or put in, some in another form."""
    shared, every = one.said & other.said, one.said | other.said
    sides = _unpaired(apart & one.said, apart & other.said)
    mine, others = ({word for word in side if word.partition("+")[0] not in _LIGHT} for side in sides)
    left = mine | others
    if len(shared) < (_LEAST_SHARED if left else _LEAST_BESIDE_LIGHT):
        return False
    if len(apart) > len(shared) * _MOST_APART_OF_SHARED or any(map(_is_telling, left)):
        return False
    if any(_is_now_done(word, one, other) for word in apart):
        return False
    if not left:
        return True
    if (mine or _more_often(other, one)) and (others or _more_often(one, other)):
        return False  # one thing in the place of another
    matcher = SequenceMatcher(None, one.order, other.order, autojunk=False)
    few = len(left) <= _MOST_RECAST and len(shared) >= _SHARE * len(every)
    return few and matcher.ratio() < _RECAST * matcher.quick_ratio()


def _is_now_done(word: str, one: Passage, other: Passage) -> bool:
    """Whether it is under way, or ahead, on one side and done on the other."""
    bare = word.partition("+")[0]
    every = one.said | other.said
    return bare in every and f"{bare}+ed" in every and not _both_ways(bare, one, other)


def _more_often(there: Passage, here: Passage) -> set[str]:
    """The words that `here` has more often than `there`, where both have them."""
    more = Counter(here.order) - Counter(there.order)
    return {word for word in more if word in there.order and word not in _LIGHT and word not in _SPEAKING}


_SPEAKING = forms("say will not able")


def _both_ways(bare: str, one: Passage, other: Passage) -> bool:
    """Whether each side has a word both in the past and otherwise."""
    return all(bare in side.said and f"{bare}+ed" in side.said for side in (one, other))


def _is_telling(word: str) -> bool:
    bare, _, past = word.partition("+")
    return past != "" or bare in _TELLING or bare in ROLES or not bare.islower() or not bare.isalpha()


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


def _is_told_as_noun(word: str, one: Passage, other: Passage) -> bool:
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


def _letters(text: str) -> str:
    return _SIGNS.sub("", text).lower()


def _conflict(one: dict[str, set[str]], other: dict[str, set[str]]) -> bool:
    """Whether some word that both have stands beside quite others."""
    return any(one[word].isdisjoint(other[word]) for word in one.keys() & other.keys())


def _by_others(here: Passage, there: Passage) -> set[tuple[str, str]]:
    """What others than the agency do, where both sides speak of it: no pronoun stands for them."""
    doing = here.agents.items()
    return {(word, who) for word, agents in doing for who in agents & ROLES if word in there.said}
