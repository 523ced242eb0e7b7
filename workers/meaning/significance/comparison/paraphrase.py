"""Whether two passages say the same in other words, whatever their order and their sentences' bounds.

Both are read as the set of what their words stand for (see synonyms). Beyond that must agree: figures
and names, what is denied and how far, what is under way and what is done, and who does what.
"""

import re
from collections.abc import Iterable

from workers.meaning.significance.comparison.passages import FILLERS, ROLES, Passage, read_passage
from workers.meaning.significance.comparison.typos import respelled

_MOST_APART = 0.6  # of the words of two passages: more that stand in only one, and they are not compared


def reworded(old: str, new: str, own: frozenset[str] = frozenset()) -> bool:
    """Whether two passages, their dates taken out, say the same.

    `own`: names of the agency, which "it" and "the agency" may stand for.
    """
    if _letters(old) == _letters(new):
        return True
    one, other = read_passage(respelled(old, new, FILLERS)), read_passage(new)
    apart = {word for word in one.said ^ other.said if not _is_told_as_noun(word, one, other)}
    if (named := apart & own) <= one.said or named <= other.said:
        apart -= named  # named on one side, "it" or "the agency" on the other
    if apart or _conflict(one.agents, other.agents):
        return False
    if len(one.figures) > 1 and _conflict(one.figures, other.figures):
        return False
    if one.others != other.others and _by_others(one, other) != _by_others(other, one):
        return False
    return one.bound == other.bound


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
