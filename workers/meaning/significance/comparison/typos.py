"""Slips of the pen: one letter of a long word wrong."""

import re
from collections.abc import Sequence

# One letter apart, and both are words.
_UNLIKE = (
    "adopt adapt", "contract contact", "accept except", "affect effect", "ensure insure", "policy police",
    "extent extend", "internal interval", "personal personnel", "expend expand", "statue statute",
    "county country", "approve improve", "signed singed", "united untied", "board broad",
    "thorough through", "through though", "assign assigned", "precede proceed", "trial trail",
    "casual causal", "martial marital", "diary dairy", "quiet quite", "angel angle", "heard heart",
)  # fmt: skip
_CONFUSABLE = frozenset(frozenset(pair.split()) for pair in _UNLIKE)

_MODALS = ("would", "could", "should", "their", "which")


def is_typo(one: str, other: str) -> bool:
    """One letter too many, too few or another, or two neighbours swapped, in the midst of a long word."""
    short, long = sorted((one, other), key=len)
    if (
        len(short) < (4 if long in _MODALS else 5)
        or short[0] != long[0]
        or not (short.isalpha() and long.isalpha())
        or not short.islower()
    ):
        return False
    if frozenset((one, other)) in _CONFUSABLE or _are_inflections(short, long):
        return False
    head = next((n for n in range(len(short)) if short[n] != long[n]), len(short))
    if len(short) < len(long):
        return len(long) - len(short) == 1 and short[head:] == long[head + 1 :] and head < len(short)
    swapped = short[head : head + 2] == long[head : head + 2][::-1] and short[head + 2 :] == long[head + 2 :]
    return swapped or (len(short) >= 8 and head < len(short) - 1 and short[head + 1 :] == long[head + 1 :])


def _are_inflections(short: str, long: str) -> bool:
    """Whether they are as "issue" and "issued": grammar, which may change what is said."""
    return long in {short + ending for ending in ("s", "d", "r", "n", "y")} or (short[:-1] == long[:-1])


def respelled(old: str, new: str, fillers: Sequence[str]) -> str:
    """The old text with what is misspelt, on either side, spelled as in the new one.

    `fillers` are words that the new one may lack.
    """
    mine, others = set(_SPELLED.findall(old.lower())), set(_SPELLED.findall(new.lower()))
    only, only_there = mine - others, sorted(others - mine)
    if len(only) > _MOST_SLIPS:
        return old
    for word in sorted(only):
        twin = next((other for other in only_there if is_typo(word, other)), None)
        if twin is None:
            twin = next((silent for silent in fillers if is_typo(word, silent)), None)
        if twin is not None:
            old = re.sub(rf"\b{word}\b", twin, old, flags=re.IGNORECASE)
    return old


_SPELLED = re.compile(r"[a-z]{4,}")
_MOST_SLIPS = 12  # words that only one side has: more, and it is another text
