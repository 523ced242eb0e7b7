"""Both narratives of a change, cut into sentences; a sentence that stands in both is read once."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property

from monitor.record.folding import fold
from monitor.record.values import Event, is_closed
from workers.meaning.difference import common_ends
from workers.meaning.significance.claims.actions import action_signals
from workers.meaning.significance.claims.deadlines import DateClaim, date_claims, deadline_signals
from workers.meaning.significance.claims.expectations import find_expectations
from workers.meaning.significance.claims.positions import is_only_position, position_signals
from workers.meaning.significance.claims.removal import Remaining, removal_signals
from workers.meaning.significance.claims.same_deed import Setting
from workers.meaning.significance.reading.actors import Cast, make_cast
from workers.meaning.significance.reading.clauses import Sentence, cut_sentences, read_sentences
from workers.values import Signal

_LONGEST = 20_000  # characters that are read of a narrative; none has come near
_AROUND = 5_000  # of them before the first change, where a narrative is longer
_HISTORY = 24  # earlier narratives that are read for slips


class Pair:
    """Two narratives of one recommendation. `gone`, `came`: the sentences that stand on one side only.

    `is_whole`: whether every change is in what is read of them.
    """

    def __init__(self, event: Event, old: str, new: str) -> None:
        self.texts = (old, new)
        old, new, self.is_whole = _excerpts(old, new)
        before, after = cut_sentences(old), cut_sentences(new)
        gone, came = (set(side) for side in _changed(before, after))
        self.agency = event.subject.agency
        self.seen: date = event.at.date()
        self.closed = event.new is not None and is_closed(event.new.status)
        self.cast: Cast = make_cast(event.subject.agency, f"{old}\n{new}")
        self.all = {piece: Sentence(piece, self.cast) for piece in (*before, *after)}
        self.old = tuple(self.all[piece] for piece in before)
        self.new = tuple(self.all[piece] for piece in after)
        self.gone = [sentence for sentence in self.old if sentence.text in gone]
        self.came = [sentence for sentence in self.new if sentence.text in came]

    @cached_property
    def setting(self) -> Setting:
        """All dates of both that may be expected completions."""
        stood = frozenset(one.text for one in self.old)
        return Setting(
            self.old, self.new, find_expectations(self.old), find_expectations(self.new, stood), self.seen
        )

    @cached_property
    def remaining(self) -> Remaining:
        """What the new narrative has, for what is gone to be looked for."""
        return Remaining(self.gone, self.came, self.new, self.closed)

    @cached_property
    def dates(self) -> list[DateClaim]:
        """What is claimed of each new date."""
        return list(date_claims(self.setting)) if any(one.dates for one in self.came) else []

    def signals(self, history: Sequence[str]) -> Iterator[Signal]:
        """All that the narratives assert."""
        yield from self._first_response()
        yield from position_signals(self.old, self.new)
        yield from action_signals(self.old, self.came, self.seen)
        yield from deadline_signals(self.dates, self.setting, self._earlier(history))
        yield from removal_signals(self.old, self.remaining)

    def _earlier(self, history: Sequence[str]) -> list[tuple[Sentence, ...]]:
        if not any(claim.old for claim in self.dates):
            return []
        texts = [text for text in history[-_HISTORY:] if text != self.texts[0]]
        return [read_sentences(text[:_LONGEST], self.cast) for text in texts]

    def _first_response(self) -> Iterator[Signal]:
        """The boilerplate is gone, and something that is not stock stands in its place."""
        if not any(sentence.boilerplate for sentence in self.old):
            return
        if any(sentence.boilerplate for sentence in self.new):
            return
        if any(not sentence.stock and not is_only_position(sentence) for sentence in self.old):
            return
        answer = next((sentence for sentence in self.came if not sentence.stock), None)
        if answer:
            yield Signal("first_response", answer.text)


def _excerpts(old: str, new: str) -> tuple[str, str, bool]:
    """What is read: all, or the first change and words before it; and whether every change is in it."""
    longest = max(len(old), len(new))
    if longest <= _LONGEST:
        return old, new, True
    head, tail = common_ends(old, new)
    start = max(0, head - _AROUND)
    whole = longest - tail <= start + _LONGEST
    return old[start : start + _LONGEST], new[start : start + _LONGEST], whole


def _changed(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    """The sentences that stand on one side only.

    Those that only look different stand on both.
    """
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    lost = [piece for piece in before if piece not in after]
    added = [piece for piece in after if piece not in before]
    if not lost or not added:
        return lost, added
    gone = {piece: fold(piece) for piece in lost}
    came = {piece: fold(piece) for piece in added}
    both = set(gone.values()) & set(came.values())
    return [p for p, folded in gone.items() if folded not in both], [
        p for p, f in came.items() if f not in both
    ]
