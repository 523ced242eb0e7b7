"""Slips of the pen: one letter of a long word wrong."""

# One letter apart, and both are words.
_UNLIKE = (
    "adopt adapt", "contract contact", "accept except", "affect effect", "ensure insure", "policy police",
    "extent extend", "internal interval", "personal personnel", "expend expand", "statue statute",
    "county country", "approve improve", "signed singed", "united untied", "board broad",
    "thorough through", "through though", "assign assigned", "precede proceed", "trial trail",
    "casual causal", "martial marital", "diary dairy", "quiet quite", "angel angle", "heard heart",
)  # fmt: skip
_CONFUSABLE = frozenset(frozenset(pair.split()) for pair in _UNLIKE)


def is_typo(one: str, other: str) -> bool:
    """One letter too many, too few or another, or two neighbours swapped, in the midst of a long word."""
    short, long = sorted((one, other), key=len)
    if (
        len(short) < 5
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
