"""Where an agency's name ends and a recommendation begins, in a line that holds both. Pure."""

import re

# A name's small words are in lower case, so the first of these in capitals begins the recommendation.
_OPENERS = (
    *(
        "The",
        "To",
        "In",
        "As",
        "Congress",
        "If",
        "By",
        "For",
        "With",
        "Within",
        "Before",
        "When",
        "While",
        "Until",
    ),
    *(
        "Once",
        "After",
        "Upon",
        "Working",
        "Consistent",
        "Because",
        "Given",
        "Through",
        "Using",
        "Under",
        "Prior",
    ),
    *("Where", "Ensure", "Develop", "Establish", "Priority", "We", "These", "This", "Each", "All", "Any"),
)
_ANY_OPENER = "|".join("\u00ad?".join(word) for word in _OPENERS)  # soft hyphens stand anywhere
_OPENING = re.compile(rf"(?<!\s)\s++[\u00ad\u200b]*+(?=(?:{_ANY_OPENER})(?![a-z]))")
_SMALL = frozenset(("of", "the", "and", "for", "on", "in", "to", "at", "&", "de", "del", "a", "an"))
_LONGEST_NAME = 200
_SENTENCE_END = re.compile(r"(?<![a-z0-9)])[a-z0-9)]{2,}+[.?!;]++(?:\s|\Z)")


class Names:
    """Agencies' names seen on a page, looked up by the beginning of a line."""

    def __init__(self, *names: str) -> None:
        self._by_length: dict[int, set[str]] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Add a name, unless it is empty or too long."""
        folded = name.casefold()
        if 0 < len(folded) <= _LONGEST_NAME:
            self._by_length.setdefault(len(folded), set()).add(folded)

    def at_start(self, line: str) -> int:
        """The length of the longest name that a line begins with; 0 where it begins with none."""
        folded = line[:_LONGEST_NAME].casefold()
        fitting = (length for length, names in self._by_length.items() if folded[:length] in names)
        return max((length for length in fitting if not line[length : length + 1].isalnum()), default=0)


def split_agency(line: str, known: Names) -> tuple[str, str] | None:
    """Agency and text of "United States Mint The Director should …"; None where they cannot be told apart.

    `known` are names seen on the same page. A longer name found by the line's own grammar wins, since one
    agency's name may be the beginning of another's.
    """
    by_grammar = _by_grammar(line)
    by_name = _by_name(line, known)
    if by_grammar is None or by_name is None:
        return by_grammar or by_name
    return by_grammar if len(by_grammar[0]) >= len(by_name[0]) else by_name


def _by_grammar(line: str) -> tuple[str, str] | None:
    for match in _OPENING.finditer(line[: _LONGEST_NAME + 20]):
        name = line[: match.start()].strip(" ,")
        if is_name(name):
            return name, line[match.end() :].strip()
        return None
    return None


def is_name(text: str) -> bool:
    """Whether a text can be an agency's name: capitalised words (small ones excepted), not a sentence."""
    words = text.split()
    if not words or len(text) > _LONGEST_NAME:
        return False
    if any(word[0].islower() and word not in _SMALL for word in words) or text.endswith((".", ":", "?", "!")):
        return False
    return _SENTENCE_END.search(text) is None  # "Department: Bureau" is a name, "It acted. The" is none


def _by_name(line: str, known: Names) -> tuple[str, str] | None:
    length = known.at_start(line)
    if not 0 < length < len(line):
        return None
    return line[:length], line[length:].lstrip(" :,-\u2013\u2014")
