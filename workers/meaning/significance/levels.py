"""The level of an event and all its signals. Meanings: the project's contract, "Levels"."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from monitor.record.folding import fold
from monitor.record.values import Event, EventType, State, Status, is_closed
from workers.meaning.difference import common_ends
from workers.meaning.significance.claims.deadlines import (
    Deadline,
    all_deadlines,
    find_deadlines,
    has_unread_promise,
    in_context,
)
from workers.meaning.significance.claims.moves import deadline_moves, deadline_signals, is_told_of
from workers.meaning.significance.claims.positions import is_only_position, position_signals
from workers.meaning.significance.claims.removal import removal_signals
from workers.meaning.significance.claims.repetition import action_signals
from workers.meaning.significance.comparison.equivalence import Sameness, compare
from workers.meaning.significance.reading.actors import Cast, Own, make_cast, own_names_in
from workers.meaning.significance.reading.clauses import Sentence, cut_sentences, read_sentences
from workers.meaning.significance.reading.wordforms import content, coverage
from workers.values import Level, Run, Signal, Significance

_OPEN = (Status.OPEN, Status.PARTIAL)
_SILENT = (EventType.OPENED, EventType.VANISHED, EventType.OVERDUE, EventType.STALLED)
_LONGEST = 20_000  # characters that are read of a narrative; none has come near
_AROUND = 5_000  # of them before the first change, where a narrative is longer
_REPEATED = 0.5  # of the words of two sentences: fewer in common, and neither repeats the other
_HISTORY = 24  # earlier narratives that are read for slips


def assess(event: Event, runs: tuple[Run, ...], history: Sequence[str] = ()) -> Significance:
    """Say what an event means.

    `runs` are the narrative's (difference.narrative_runs). `history` are earlier narratives of the same
    recommendation, oldest first; the event's own old one may be the last of them.
    """
    if event.type in _SILENT or event.old is None or event.new is None:
        return Significance(Level.SUBSTANTIVE)
    level, signals = _of_narrative(event, event.old.narrative, event.new.narrative, runs, history)
    record = tuple(_record_signals(event.type, event.old, event.new))
    if record or event.old.status != event.new.status or event.type is not EventType.UPDATED:
        level = Level.SUBSTANTIVE
    if event.old.text != event.new.text and compare(event.old.text, event.new.text) is not Sameness.SAME:
        level = Level.SUBSTANTIVE
    return Significance(level, (*record, *signals))


def _record_signals(kind: EventType, old: State, new: State) -> Iterator[Signal]:
    if kind is EventType.CLOSED or (is_closed(new.status) and not is_closed(old.status)):
        yield Signal("closed", new.status, old.status, new.status)
    elif kind is EventType.REOPENED or (is_closed(old.status) and not is_closed(new.status)):
        yield Signal("reopened", new.status, old.status, new.status)
    elif old.status != new.status and old.status in _OPEN and new.status in _OPEN:
        yield Signal("status_moved", new.status, old.status, new.status)
    if old.priority != new.priority:
        yield Signal("priority_set" if new.priority else "priority_cleared")


def _of_narrative(
    event: Event, old: str, new: str, runs: tuple[Run, ...], history: Sequence[str]
) -> tuple[Level, tuple[Signal, ...]]:
    old, new, whole = _excerpts(old, new)
    before, after = cut_sentences(old), cut_sentences(new)
    gone, came = _changed(before, after)
    own = partial(own_names_in, " ".join((*gone, *came)), event.subject.agency)
    sameness = compare(" ".join(gone), " ".join(came), own) if whole else Sameness.OTHER
    if whole and not (gone and came) and _only_repeats((*gone, *came), (before, after), own):
        sameness = Sameness.SAME
    if sameness is not Sameness.OTHER:
        return (Level.COSMETIC if sameness is Sameness.SAME else Level.REDATED), ()
    pair = _Pair(event, (old, new), (before, after), gone, came)
    signals = [*pair.first_response(), *position_signals(pair.old, pair.new)]
    signals += action_signals(pair.old, pair.came, pair.gone)
    signals += pair.deadlines(history)
    signals += removal_signals(pair.gone, pair.came, (pair.old, pair.new), runs)
    if not signals and whole and compare(" ".join(gone), " ".join(came), own, loosely=True) is Sameness.SAME:
        return Level.COSMETIC, ()
    return Level.SUBSTANTIVE, tuple(dict.fromkeys(pair.quoted(signals)))


def _only_repeats(apart: Sequence[str], all_of: tuple[Sequence[str], Sequence[str]], own: Own) -> bool:
    """Whether each sentence of one side only says again what a sentence of both says."""
    both = [sentence for sentence in all_of[0] if sentence in set(all_of[1])]
    return all(
        any(compare(sentence, other, own) is Sameness.SAME for other in both if _alike(sentence, other))
        for sentence in apart
    )


def _alike(one: str, other: str) -> bool:
    first, second = content(one), content(other)
    return coverage(first, second) >= _REPEATED and coverage(second, first) >= _REPEATED


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


def _may_have_stood(deadline: Deadline, unread: Sequence[Sentence]) -> bool:
    """Whether an old sentence with a date that no rule could read may have promised the same."""
    return any(is_told_of(deadline, sentence.content) for sentence in unread)


class _Pair:
    """Both narratives, read; a sentence that stands in both is one object, so that it is read once."""

    def __init__(
        self,
        event: Event,
        texts: tuple[str, str],
        pieces: tuple[Sequence[str], Sequence[str]],
        gone: Sequence[str],
        came: Sequence[str],
    ) -> None:
        self.texts = texts
        self.cast: Cast = make_cast(event.subject.agency, "\n".join(texts))
        old, new = pieces
        self.all = {piece: Sentence(piece, self.cast) for piece in (*old, *new)}
        self.old = tuple(self.all[piece] for piece in old)
        self.new = tuple(self.all[piece] for piece in new)
        self.gone = self._those(self.old, gone)
        self.came = self._those(self.new, came)

    @staticmethod
    def _those(sentences: Sequence[Sentence], texts: Sequence[str]) -> list[Sentence]:
        wanted = set(texts)
        return [sentence for sentence in sentences if sentence.quote in wanted]

    def quoted(self, signals: Iterable[Signal]) -> Iterator[Signal]:
        """The same, each with its sentence as it stands."""
        if all(one.text is one.quote for one in self.all.values()):
            yield from signals
            return
        sides = {True: self.old + self.new, False: self.new + self.old}
        stand = {first: {one.text: one.quote for one in side} for first, side in sides.items()}
        for signal in signals:
            of_new = signal.kind != "text_removed"
            yield replace(signal, text=stand[of_new].get(signal.text, signal.text))

    def first_response(self) -> Iterator[Signal]:
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

    def _may_stand(self, deadline: Deadline, unread: Sequence[Sentence]) -> bool:
        """Whether the old narrative names the date, or may have promised the same at another."""
        named = any(mention.last == deadline.last for one in self.old for mention in one.dates)
        return named or _may_have_stood(deadline, unread)

    def deadlines(self, history: Sequence[str]) -> Iterator[Signal]:
        """Set and moved ones, with how often they slipped."""
        came = {sentence.text: list(find_deadlines(sentence)) for sentence in self.came}
        if not any(came.values()):
            return iter(())  # only those of new sentences are told
        standing = (sentence for sentence in self.all.values() if sentence.text not in came)
        read = came | {sentence.text: list(find_deadlines(sentence)) for sentence in standing}
        old = in_context(one for sentence in self.old for one in read[sentence.text])
        new = in_context(one for sentence in self.new for one in read[sentence.text])
        moves = [move for move in deadline_moves(old, new, self.came) if move.new.sentence in came]
        if any(not (move.old or move.new.was) for move in moves):
            unread = [one for one in self.gone if one.dates and has_unread_promise(one, read[one.text])]
            moves = [one for one in moves if one.old or one.new.was or not self._may_stand(one.new, unread)]
        earlier = (
            [text for text in history[-_HISTORY:] if text != self.texts[0]]
            if any(m.old for m in moves)
            else []
        )
        past = [all_deadlines(read_sentences(text[:_LONGEST], self.cast)) for text in earlier]
        return deadline_signals(moves, [*past, old])
