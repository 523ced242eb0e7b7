"""The level of an event and all its signals. Meanings: the project's contract, "Levels"."""

from collections.abc import Iterator, Sequence

from monitor.record.values import Event, EventType, State, Status, is_closed
from workers.values import Level, Run, Signal, Significance

_OPEN = (Status.OPEN, Status.PARTIAL)
_SILENT = (EventType.OPENED, EventType.VANISHED, EventType.OVERDUE, EventType.STALLED)


def assess(event: Event, runs: tuple[Run, ...], history: Sequence[str] = ()) -> Significance:
    """Say what an event means.

    `runs` are the narrative's (difference.narrative_runs). `history` are earlier narratives of the same
    recommendation, oldest first; the event's own old one may be the last of them.
    """
    if event.type in _SILENT or event.old is None or event.new is None:
        return Significance(Level.SUBSTANTIVE)
    return Significance(Level.SUBSTANTIVE, tuple(_record_signals(event.type, event.old, event.new)))


def _record_signals(kind: EventType, old: State, new: State) -> Iterator[Signal]:
    if kind is EventType.CLOSED or (is_closed(new.status) and not is_closed(old.status)):
        yield Signal("closed", new.status, old.status, new.status)
    elif kind is EventType.REOPENED or (is_closed(old.status) and not is_closed(new.status)):
        yield Signal("reopened", new.status, old.status, new.status)
    elif old.status != new.status and old.status in _OPEN and new.status in _OPEN:
        yield Signal("status_moved", new.status, old.status, new.status)
    if old.priority != new.priority:
        yield Signal("priority_set" if new.priority else "priority_cleared")
