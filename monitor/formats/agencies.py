"""Where an agency's name ends and a recommendation begins, in a line that holds both. Pure."""

import re
from collections.abc import Collection

# A name's small words are in lower case, so the first of these in capitals begins the recommendation.
_OPENING = re.compile(
    r"\s+(?=(?:The|To|In|As|Congress|If|By|For|With|Within|Before|When|While|Until|Once|After|Upon|Working|Consistent"
    r"|Because|Given|Through|Using|Under|Prior|Where|Ensure|Develop|Establish|Priority|We|These|This|Each|All|Any)\b)"
)
_SMALL = frozenset(("of", "the", "and", "for", "on", "in", "to", "at", "&", "de", "del", "a", "an"))
_LONGEST_NAME = 200


def split_agency(line: str, known: Collection[str]) -> tuple[str, str] | None:
    """Agency and text of "United States Mint The Director should …"; None where they cannot be told apart.

    `known` are names seen on the same page. The longest name that the line's own grammar shows wins, since
    one agency's name may begin another's.
    """
    by_grammar = _by_grammar(line)
    by_name = _by_name(line, known)
    if by_grammar is None or by_name is None:
        return by_grammar or by_name
    return by_grammar if len(by_grammar[0]) >= len(by_name[0]) else by_name


def _by_grammar(line: str) -> tuple[str, str] | None:
    for match in _OPENING.finditer(line[: _LONGEST_NAME + 20]):
        name = line[: match.start()].strip(" ,")
        if _is_name(name):
            return name, line[match.end() :].strip()
        return None
    return None


def _is_name(name: str) -> bool:
    words = name.split()
    return (
        bool(words)
        and all(word in _SMALL or not word[0].islower() for word in words)
        and len(name) <= _LONGEST_NAME
    )


def _by_name(line: str, known: Collection[str]) -> tuple[str, str] | None:
    folded = line.casefold()
    fitting = [name for name in known if name and folded.startswith(name.casefold())]
    fitting = [name for name in fitting if len(line) > len(name) and not line[len(name)].isalnum()]
    if not fitting:
        return None
    name = max(fitting, key=len)
    return line[: len(name)], line[len(name) :].lstrip(" :,-\u2013\u2014")
