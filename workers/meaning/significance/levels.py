"""The level of an event and all its signals. Meanings: the project's contract, "Levels"."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

from monitor.record.values import Event, EventType, State, Status, is_closed
from workers.meaning.significance.comparison.equivalence import Sameness, compare
from workers.meaning.significance.comparison.rewriting import is_rewritten
from workers.meaning.significance.pair import Pair
from workers.meaning.significance.reading.actors import Own, own_names_in
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.wordforms import content, coverage
from workers.values import Level, Signal, Significance

_OPEN = (Status.OPEN, Status.PARTIAL)
_SILENT = (EventType.OPENED, EventType.VANISHED, EventType.OVERDUE, EventType.STALLED)
_REPEATED = 0.5  # of the words of two sentences: fewer in common, and neither repeats the other


def assess(event: Event, history: Sequence[str] = ()) -> Significance:
    """Say what an event means.

    `history` are earlier narratives of the same recommendation, oldest first; the event's own old one may
    be the last of them.
    """
    if event.type in _SILENT or event.old is None or event.new is None:
        return Significance(Level.SUBSTANTIVE)
    pair = Pair(event, event.old.narrative, event.new.narrative)
    level = level_of(pair)
    signals = tuple(dict.fromkeys(pair.signals(history))) if level is Level.SUBSTANTIVE else ()
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


def level_of(pair: Pair) -> Level:
    """How much a narrative changed, whatever the rest of the record did."""
    if not pair.is_whole:
        return Level.SUBSTANTIVE
    gone, came = ([one.text for one in side] for side in (pair.gone, pair.came))
    own = partial(own_names_in, " ".join((*gone, *came)), pair.agency)
    sameness = compare(" ".join(gone), " ".join(came), own)
    if not (gone and came) and _only_repeats((*gone, *came), pair, own):
        sameness = Sameness.SAME
    if sameness is Sameness.OTHER and gone and came and is_rewritten(pair.gone, pair.came):
        sameness = Sameness.SAME if _reviews(pair.gone) == _reviews(pair.came) else Sameness.REDATED
    return {Sameness.SAME: Level.COSMETIC, Sameness.REDATED: Level.REDATED}.get(sameness, Level.SUBSTANTIVE)


def _reviews(sentences: Sequence[Sentence]) -> set[date]:
    """The dates on which GAO looked, or was told how things stand."""
    return {mention.last for one in sentences for mention in one.reviews}


def _only_repeats(apart: Sequence[str], pair: Pair, own: Own) -> bool:
    """Whether each sentence of one side only says again what a sentence of both says."""
    came = {one.text for one in pair.new}
    both = [one.text for one in pair.old if one.text in came]
    return all(
        any(compare(sentence, other, own) is Sameness.SAME for other in both if _alike(sentence, other))
        for sentence in apart
    )


def _alike(one: str, other: str) -> bool:
    first, second = content(one), content(other)
    return coverage(first, second) >= _REPEATED and coverage(second, first) >= _REPEATED
