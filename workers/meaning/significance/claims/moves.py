"""Deadlines of two narratives held against each other: set, moved, and how often moved later so far."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.meaning.significance.claims.deadlines import Deadline, find_deadlines
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.dates import find_dates, without_dates
from workers.meaning.significance.reading.wordforms import content, coverage, unmatched
from workers.values import Signal

_SAME_DEED = 0.5
_WHICH = frozenset(("first", "second", "third", "fourth", "initial", "final", "1", "2", "3", "4"))
# "The entire update will be done" is the update.
_WHOLE = frozenset(("don", "entir", "whol", "full", "overall"))


@dataclass(frozen=True, slots=True)
class Move:
    """A deadline and what it was before; `old` None where none stood for it."""

    new: Deadline
    old: Deadline | None

    @property
    def is_later(self) -> bool:
        """Whether it slipped."""
        return self.old is not None and self.new.last > self.old.last


def deadline_moves(
    old: Sequence[Deadline], new: Sequence[Deadline], told: Sequence[Sentence] = ()
) -> Iterator[Move]:
    """Pair each deadline of the new narrative with the old one that it replaces.

    `told`: the sentences that only the new one has.
    """
    met = [deadline for deadline in old if _is_met(deadline, told)]
    standing = [deadline for deadline in old if not deadline.past and deadline not in met]
    left = _unmatched(old, new, standing)
    history = [deadline for deadline in old if deadline not in standing and deadline not in met]
    for deadline in left:
        before = _at_hand(deadline, new, standing, alone=len(left) == 1)
        if before in standing:
            standing.remove(before)
        elif before is None:
            earlier = [other for other in new if other.past and other is not deadline]
            before = _closest(deadline, history) or _closest(deadline, earlier)
        if before is None and deadline.moves:
            # Some date before is spoken of: the one that there was, or it cannot be told which.
            others = {other.last: other for other in (*old, *new) if other.last != deadline.last}
            if len(others) > 1:
                continue
            before = next(iter(others.values()), None)
        if before is None and not deadline.deed - _WHOLE and standing:
            continue  # "it is to be finished by": which of several is not told
        yield Move(deadline, before)


def _unmatched(old: Sequence[Deadline], new: Sequence[Deadline], standing: list[Deadline]) -> list[Deadline]:
    """The new ones that no old one is; those that are the same are taken out of `standing`."""
    left: list[Deadline] = []
    for deadline in new:
        same = (
            other for other in standing if _is_same_date(deadline, other) and _may_be_same(deadline, other)
        )
        if found := next(same, None):
            standing.remove(found)
        elif not deadline.past and deadline not in left and not _is_told(deadline, old):
            left.append(deadline)
    return left


def _at_hand(
    deadline: Deadline, new: Sequence[Deadline], standing: Sequence[Deadline], *, alone: bool
) -> Deadline | None:
    if itself := _before_itself(deadline, new):
        return next((other for other in standing if other.last == itself.last), itself)
    return _partner(deadline, standing, alone)


def _is_met(deadline: Deadline, told: Sequence[Sentence]) -> bool:
    """Whether a new sentence tells that it was done when it was promised: "In May 2025, CBP put in place"."""
    for sentence in told:
        first = sentence.dates[0] if sentence.dates else None
        if first is None or first.last != deadline.last or not _IN.fullmatch(sentence.text[: first.start]):
            continue
        if coverage(deadline.deed, sentence.content) >= _SAME_DEED and not any(
            one.last == deadline.last for one in find_deadlines(sentence)
        ):
            return True
    return False


_IN = re.compile(r"(?:In|On|By|During|At the end of|Late in|Early in)\s(?:the\s)?", re.IGNORECASE)


def _before_itself(deadline: Deadline, new: Sequence[Deadline]) -> Deadline | None:
    """The date that its own sentence says it had: "which was to be done in 2025, will be done in 2027"."""
    same = [other for other in new if other.sentence == deadline.sentence and other is not deadline]
    if len(same) == 1 and same[0].last < deadline.last and _WAS_TO.search(deadline.sentence):
        return same[0]
    return None


_WAS_TO = re.compile(
    r"\b(?:which|that)\s(?:was|were|had\sbeen)\s(?:to\sbe|to\shave|expected|planned|scheduled|due|anticipated)\b"
)


def _is_told(deadline: Deadline, old: Sequence[Deadline]) -> bool:
    """Whether it is an old one told again, beside the words that told it before."""
    return any(_is_same_date(deadline, other) and _may_be_same(deadline, other) for other in old)


def _is_same_date(one: Deadline, other: Deadline) -> bool:
    """The same date said otherwise: the same end, or one within a period that the other leaves open."""
    if one.last == other.last:
        return True
    return (one.first < one.last and one.first <= other.last <= one.last) or (
        other.first < other.last and other.first <= one.last <= other.last
    )


def _may_be_same(one: Deadline, other: Deadline) -> bool:
    return not one.deed or not other.deed or one.still or _likeness(one, other) >= _SAME_DEED


def _likeness(one: Deadline, other: Deadline) -> float:
    first, second = one.deed & _WHICH, other.deed & _WHICH
    smaller, larger = sorted((one.deed - _WHOLE or one.deed, other.deed - _WHOLE or other.deed), key=len)
    if first != second and ((first and second) or len(smaller - _WHICH) <= 1):
        return 0.0  # "the second stage" is not the first, nor "this stage"
    return 1.0 - len(unmatched(smaller, larger)) / len(smaller) if smaller else 0.0


def is_told_of(deadline: Deadline, said: frozenset[str]) -> bool:
    """Whether what is promised may be what a sentence with these content words is about."""
    return coverage(deadline.deed, said) >= _SAME_DEED


def _partner(deadline: Deadline, standing: Sequence[Deadline], alone: bool) -> Deadline | None:
    if found := _closest(deadline, standing):
        return found
    if alone and len(standing) == 1 and _in_its_sentence(deadline, standing[0]):
        return standing[0]
    # "These actions" stand for whatever was promised before, where that leaves one possibility.
    vague = not deadline.deed - _WHOLE or not standing[0].deed if standing else False
    if len(standing) == 1 and alone and (vague or deadline.moves):
        return standing[0]
    return None


def _in_its_sentence(deadline: Deadline, other: Deadline) -> bool:
    """Whether each deed is spoken of in the sentence of the other: "the update would be complete by"."""
    if any(mention.last == other.last for mention in find_dates(deadline.sentence)):
        return False  # "issued it in July 2025, and plans to install the software by December 2026"
    said, said_too = _said(deadline), _said(other)
    alike = len(said & said_too) >= _ALIKE * min(len(said), len(said_too))
    return alike and other.deed <= said and not _is_same_date(deadline, other)


def _said(deadline: Deadline) -> frozenset[str]:
    return content(without_dates(deadline.sentence))


_ALIKE = 0.6


def _closest(deadline: Deadline, others: Sequence[Deadline]) -> Deadline | None:
    likeness = max((_likeness(deadline, other) for other in others), default=0.0)
    # Of several dates for the same deed the last one told is the one that stood.
    alike = [other for other in others if _likeness(deadline, other) >= max(_SAME_DEED, likeness - 0.25)]
    # Where one sentence told several, they are taken in their order.
    together = len({other.sentence for other in alike}) == 1
    best = alike[0 if together else -1] if alike else next(iter(others), None)
    if best is None or _is_same_date(deadline, best):
        return None
    if _likeness(deadline, best) >= _SAME_DEED or (deadline.was is not None and deadline.was == best.name):
        return best
    return None


def deadline_signals(moves: Sequence[Move], past: Sequence[Sequence[Deadline]]) -> Iterator[Signal]:
    """`past`: the deadlines of earlier narratives, oldest first, the event's own old one last."""
    for move in moves:
        new = move.new
        if move.old is not None:
            yield Signal("deadline_moved", new.sentence, move.old.name, new.name, _slips(move, past))
        elif new.was is not None:
            yield Signal("deadline_moved", new.sentence, new.was, new.name)
        else:
            yield Signal("deadline_set", new.sentence, None, new.name)


def _slips(move: Move, past: Sequence[Sequence[Deadline]]) -> int:
    """Follow the deadline back through the narratives and count the moves to a later date."""
    count = int(move.is_later)
    current = move.old
    for older, newer in zip(reversed(past[:-1]), reversed(past[1:]), strict=True):
        step = next(
            (one for one in deadline_moves(older, newer) if one.old and current and _is_this(one, current)),
            None,
        )
        if step:
            count += step.is_later
            current = step.old
    return count


def _is_this(move: Move, deadline: Deadline) -> bool:
    return move.new.last == deadline.last and _may_be_same(move.new, deadline)
