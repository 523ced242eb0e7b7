"""Mutated and crossed bytes: cut, spliced, doubled, damaged, strewn with the pieces that matter."""

import random
from collections.abc import Callable, Sequence

from tests.fuzz.seeds import TOKENS

_SPANS = (0, 0, 1, 1, 4, 30, 200, 2000)


def mutated(body: bytes, others: Sequence[bytes], dice: random.Random, longest: int) -> bytes:
    """A few changes to a body, some of them with stretches of another one; never longer than `longest`."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5, 12))):
        body = dice.choice(_CHANGES)(body, others, dice)[:longest]
    return body


def _span(body: bytes, dice: random.Random) -> tuple[int, int]:
    start = dice.randrange(len(body) + 1)
    return start, min(len(body), start + dice.choice(_SPANS))


def _cut(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    start, end = _span(body, dice)
    return body[:start] + body[end:]


def _end(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    return body[: dice.randrange(len(body) + 1)]


def _strew(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    start, end = _span(body, dice)
    return body[:start] + dice.choice(TOKENS) * dice.choice((1, 1, 1, 1, 2, 50)) + body[end:]


def _double(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    start, end = _span(body, dice)
    return body[:end] + body[start:end] * dice.choice((1, 1, 2, 10)) + body[end:]


def _damage(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(dice.choice((1, 1, 4)) if changed else 0):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _cross(body: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    other = dice.choice(others)
    return body[: dice.randrange(len(body) + 1)] + other[dice.randrange(len(other) + 1) :]


def _transplant(body: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    start, end = _span(body, dice)
    other = dice.choice(others)
    first, last = _span(other, dice)
    return body[:start] + other[first:last] + body[end:]


def _swap(body: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """Exchange two lines or tags."""
    mark = dice.choice((b"\n", b"<", b",", b"\t"))
    pieces = body.split(mark)
    one, other = dice.randrange(len(pieces)), dice.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return mark.join(pieces)


_Change = Callable[[bytes, Sequence[bytes], random.Random], bytes]
_CHANGES: tuple[_Change, ...] = (
    _cut,
    _end,
    _strew,
    _strew,
    _strew,
    _double,
    _damage,
    _cross,
    _transplant,
    _swap,
)
