"""Mutants of a regular expression's source: what the operators for Python code cannot see into.

The rules are the usual ones: drop an anchor, a quantifier, an alternative or a member of a class; negate a
class or a look-around; move a quantifier's bounds by one. What no longer compiles is sorted out by the run.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

_ANCHOR = re.compile(r"\\[bBAZ]|\^|\$")
_LOOK = re.compile(r"\(\?(<?)([=!])")
_BOUNDS = re.compile(r"(\{\{?)(\d+)(?:(,)(\d*))?(\}\}?)")
_SHORTHAND = re.compile(r"\\[dDsSwW]")
_MEMBER = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)|[^\\]", re.DOTALL)


def mutants(pattern: str) -> Iterator[tuple[int, str, str]]:
    """Offset, what was done, and the mutated source of each mutant."""
    at = 0
    while at < len(pattern):
        end = at + 1
        if pattern[at] == "[":
            end = _class_end(pattern, at)
            yield from _of_class(pattern, at, end)
        elif found := _ANCHOR.match(pattern, at):
            end = found.end()
            yield at, f"without the anchor {found[0]}", pattern[:at] + pattern[end:]
        elif found := _SHORTHAND.match(pattern, at):
            end = found.end()
            yield at, f"{found[0]} negated", pattern[:at] + found[0].swapcase() + pattern[end:]
        elif pattern[at] == "\\":
            end = _MEMBER.match(pattern, at).end()  # type: ignore[union-attr]
        elif found := _LOOK.match(pattern, at):
            end = found.end()
            other = f"(?{found[1]}{'!' if found[2] == '=' else '='}"
            yield at, "look-around negated", pattern[:at] + other + pattern[end:]
        elif pattern[at] in "*+?" and at and pattern[at - 1] != "(":
            yield from _of_quantifier(pattern, at)
        elif found := _BOUNDS.match(pattern, at):
            end = found.end()
            yield from _of_bounds(pattern, found)
        at = end
    yield from _without_alternatives(pattern)


def _class_end(pattern: str, start: int) -> int:
    at = start + 1 + (pattern[start + 1 : start + 2] == "^")
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _of_class(pattern: str, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    negated = pattern[start + 1] == "^"
    first = start + 1 + negated
    inside = pattern[first : end - 1]
    whole = inside if negated else "^" + inside
    yield start, "class negated", f"{pattern[:start]}[{whole}]{pattern[end:]}"
    pieces = _MEMBER.findall(inside)
    members: list[str] = []
    while pieces:
        ranged = len(pieces) > 2 and pieces[1] == "-"
        members.append("".join(pieces[: 3 if ranged else 1]))
        pieces = pieces[3 if ranged else 1 :]
    if len(members) > 1:
        for index, member in enumerate(members):
            rest = "".join(members[:index] + members[index + 1 :])
            kept = f"[{'^' if negated else ''}{rest}]"
            yield start, f"class without {member}", pattern[:start] + kept + pattern[end:]


def _of_quantifier(pattern: str, at: int) -> Iterator[tuple[int, str, str]]:
    mark = pattern[at]
    yield at, f"without the {mark}", pattern[:at] + pattern[at + 1 :]
    if mark in "*+":
        other = "+" if mark == "*" else "*"
        yield at, f"{mark} becomes {other}", pattern[:at] + other + pattern[at + 1 :]


def _of_bounds(pattern: str, found: re.Match[str]) -> Iterator[tuple[int, str, str]]:
    opening, low, comma, high, closing = found.groups()
    least = int(low)
    most = int(high) if high else None
    bounds = []
    if comma:
        if most is not None:
            bounds += [(least, most - 1)] if most > least else []
            bounds += [(least, most + 1)]
        bounds += [(least + 1, most)] if most is None or most > least else []
        bounds += [(least - 1, most)] if least else []
    else:
        bounds += [(least + 1, least + 1), (max(0, least - 1),) * 2]
    for lowest, highest in bounds:
        shown = f"{lowest},{'' if highest is None else highest}" if comma else f"{lowest}"
        changed = f"{opening}{shown}{closing}"
        yield (
            found.start(),
            f"{found[0]} becomes {changed}",
            (pattern[: found.start()] + changed + pattern[found.end() :]),
        )
    yield found.start(), f"without {found[0]}", pattern[: found.start()] + pattern[found.end() :]


def _without_alternatives(pattern: str) -> Iterator[tuple[int, str, str]]:
    """Each alternative gone, as far as it lies within this piece of source."""
    for bars in _bars(pattern):
        edges = [bars[0], *bars[1:-1], bars[-1]]
        for first, last in pairwise(edges):
            gone = pattern[first + 1 : last]
            is_last = last == edges[-1]
            cut = (first, last) if is_last else (first + 1, last + 1)
            if first == edges[0] and is_last:
                continue
            yield first + 1, f"without the alternative {gone}", pattern[: max(cut[0], 0)] + pattern[cut[1] :]


def _bars(pattern: str) -> Iterator[list[int]]:
    """For each group with alternatives: where it begins (before its first), its bars, and where it ends."""
    stack: list[list[int]] = [[-1]]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = _class_end(pattern, at) - 1
        elif char == "(":
            head = re.compile(r"\((?:\?(?::|P<\w+>|<?[=!]))?").match(pattern, at)
            at = head.end() - 1  # type: ignore[union-attr]
            stack.append([at])
        elif char == "|":
            stack[-1].append(at)
        elif char == ")" and len(stack) > 1:
            group = [*stack.pop(), at]
            if len(group) > 2:
                yield group
        at += 1
    for group in stack:
        if len(group) > 1:
            yield [*group, len(pattern)]
