"""Texts that a pattern matches, so that each of its alternatives is taken in one of them."""

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

_MOST = 400  # texts of one pattern


def ways(pattern: re.Pattern[str]) -> list[str]:
    """At least one text for each alternative; those that the pattern then refuses are left out."""
    tree = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    texts = dict.fromkeys(re.sub(r"\s+", " ", text) for text in _sequence(tree))
    return [text for text in texts if pattern.search(text)]


def _sequence(nodes: Iterable[Any]) -> list[str]:
    """Each way of each part, beside two of the ways of the others."""
    parts = [list(dict.fromkeys(found)) for node in nodes if (found := _node(*node))]
    count = min(_MOST, max(map(len, parts), default=1))
    return [
        "".join(part[(index + shift * place) % len(part)] for place, part in enumerate(parts))
        for shift in range(2)
        for index in range(count)
    ]


def _node(kind: Any, value: Any) -> list[str]:
    match str(kind):
        case "LITERAL":
            return [chr(value)]
        case "IN":
            return list(dict.fromkeys(map(_member, value)))
        case "ANY" | "NOT_LITERAL":
            return ["z"]
        case "BRANCH":
            return list(chain.from_iterable(map(_sequence, value[1])))
        case "SUBPATTERN":
            return _sequence(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, body = value
            told = [text * max(least, 1) for text in _sequence(body)] if most else []
            return told if least else ["", *told]
        case "ASSERT":
            return _sequence(value[1]) if value[0] > 0 else []
        case _:
            return []


def _member(member: Any) -> str:
    kind, value = member
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
        case "CATEGORY":
            return {"CATEGORY_SPACE": " ", "CATEGORY_DIGIT": "2"}.get(str(value), "a")
        case _:  # all but those that follow
            return "z"
