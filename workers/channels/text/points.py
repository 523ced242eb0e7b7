"""What changed, point by point, in words: from an event's type, its signals and its record. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from monitor.record.values import Event, EventType, Kind, State, Status, is_closed
from workers.channels.text.inert import one_line
from workers.channels.text.naming import link
from workers.channels.text.words import (
    cut,
    date_in_words,
    moved_later,
    ordinal,
    shift_in_words,
    status_in_words,
)
from workers.meaning.periods import day_in_words
from workers.values import DescribedEvent, Level, Signal


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to say of a change: in short for headlines, in full, and the words it rests on.

    `remark` is what `full` says beyond `short`: by how much a deadline moved, since when nothing did.
    """

    short: str
    full: str
    quote: str = ""
    kind: str = ""
    remark: str = ""


def what_changed(described: DescribedEvent) -> tuple[Point, ...]:
    """The points of a change, weightiest first; never empty."""
    signals = [signal for signal in described.significance.signals if signal.kind in _PHRASES]
    points = [_PHRASES[signal.kind](signal, described) for signal in signals]
    if (own := _event_point(described.event)) is not None:
        points = [own, *(point for point in points if point.kind != own.kind)]
    points += _unsaid(described, {point.kind for point in points})
    if not points:
        points = [_wording_point(described)]
    return tuple(sorted(points, key=lambda point: ORDER.index(point.kind)))


def _event_point(event: Event) -> Point | None:
    """What the event's type says by itself; None for an update."""
    make = _BY_TYPE.get(event.type)
    return make(event) if make else None


def _vanished(event: Event) -> Point:
    gone = "left GAO's open list, probably closed"
    remark = f"its report's page could not be read: {link(event.subject)}"
    return Point(gone, f"{gone}; {remark}", kind="vanished", remark=remark)


def _overdue(event: Event) -> Point:
    """The promised date, which has passed, and since when nothing has changed."""
    if event.reminder is None:
        return _plain("overdue", "an expected completion date went by without a change")
    short = f"overdue, expected {date_in_words(event.reminder.date)}"
    remark = f"nothing changed{_since(event)}"
    return Point(short, f"{short}; {remark}", one_line(event.reminder.text), "overdue", remark)


def _stalled(event: Event) -> Point:
    state = event.new or event.old
    still = shift_in_words(state.observed_at.date().isoformat(), event.at.date().isoformat()) if state else ""
    if not still:
        return _plain("stalled", f"unchanged{_since(event)}")
    short = f"unchanged for {still.removesuffix(' later')}"
    return Point(short, f"{short},{_since(event)}", kind="stalled", remark=_since(event).strip())


def _since(event: Event) -> str:
    state = event.new or event.old
    return f" since {day_in_words(state.observed_at)}" if state else ""


def _opened(event: Event) -> str:
    priority = "priority " if event.new and event.new.priority else ""
    return f"new {priority}{'matter for Congress' if event.subject.kind == Kind.MATTER else 'recommendation'}"


def _closed(state: State | None) -> str:
    words = status_in_words(state.status) if state and is_closed(state.status) else "closed"
    return words[:1].lower() + words[1:]


def _plain(kind: str, words: str, quote: str = "") -> Point:
    return Point(words, words, quote, kind)


_BY_TYPE: dict[EventType, Callable[[Event], Point]] = {
    EventType.OPENED: lambda event: _plain("opened", _opened(event)),
    EventType.CLOSED: lambda event: _plain("closed", _closed(event.new)),
    EventType.REOPENED: lambda _event: _plain("reopened", "reopened"),
    EventType.VANISHED: _vanished,
    EventType.OVERDUE: _overdue,
    EventType.STALLED: _stalled,
}


def _unsaid(described: DescribedEvent, said: set[str]) -> list[Point]:
    """Points for changed fields that no signal covers: an event that could not be assessed has no signals."""
    event = described.event
    if event.type != EventType.UPDATED or event.old is None or event.new is None:
        return []
    points = []
    if "status" in event.changed and not said & {"status_moved", "closed", "reopened"}:
        points.append(_moved_status(event.old.status, event.new.status))
    if "priority" in event.changed and not said & {"priority_set", "priority_cleared"}:
        points.append(_priority_point(event.new.priority))
    if "text" in event.changed:
        points.append(_plain("text", "the recommendation itself was reworded"))
    return points


def _wording_point(described: DescribedEvent) -> Point:
    level = described.significance.level
    if level != Level.SUBSTANTIVE:
        return _plain(str(level), level_in_words(level))
    operations = {operation for operation, text in described.difference.narrative if text.strip()}
    if "delete" not in operations and "insert" in operations:
        return _plain("wording", "added to the status update")
    return _plain("wording", "status update changed")


# Signals.


def level_in_words(level: Level) -> str:
    """The level as people say it."""
    return {
        Level.COSMETIC: "only the wording changed, not the meaning",
        Level.REDATED: "only the review date changed",
        Level.SUBSTANTIVE: "substantive",
    }[level]


def _moved_status(old: str, new: str) -> Point:
    words = f"status moved, {status_in_words(old)} → {status_in_words(new)}"
    return _plain("status_moved", _PARTIALLY.get((old, new), words))


_PARTIALLY: dict[tuple[str, str], str] = {
    (Status.OPEN, Status.PARTIAL): "now partially addressed",
    (Status.PARTIAL, Status.OPEN): "no longer partially addressed",
}


def _priority_point(priority: bool) -> Point:
    if priority:
        return _plain("priority_set", "now a priority recommendation")
    return _plain("priority_cleared", "no longer a priority recommendation")


def _deadline_moved(signal: Signal, _described: DescribedEvent) -> Point:
    old, new = date_in_words(signal.old or "?"), date_in_words(signal.new or "?")
    short = f"deadline moved, {old} → {new}"
    remarks = [shift_in_words(signal.old or "", signal.new or "")]
    if signal.slips and signal.slips > 1 and moved_later(signal.old, signal.new):
        remarks.append(f"moved a {ordinal(signal.slips)} time")
    remark = ", ".join(filter(None, remarks))
    full = f"{short} ({remark})" if remark else short
    return Point(short, full, one_line(signal.text), signal.kind, remark)


def _deadline_set(signal: Signal, _described: DescribedEvent) -> Point:
    when = f", {date_in_words(signal.new)}" if signal.new else ""
    return _plain(signal.kind, f"deadline set{when}", one_line(signal.text))


def _date_named(signal: Signal, _described: DescribedEvent) -> Point:
    when = f": {_end_of(signal)}{date_in_words(signal.new)}" if signal.new else ""
    return _plain(signal.kind, f"a new date in the text{when}", one_line(signal.text))


def _end_of(signal: Signal) -> str:
    """What the text says of a whole year: `end of `, where it does."""
    year = (signal.new or "").removeprefix("FY")
    ends = year.isdecimal() and re.search(
        rf"\bend\sof\s(?:the\s)?(?:calendar\syear\s|fiscal\syear\s|FY\s?)?{year}\b", signal.text
    )
    return "end of " if ends else ""


def _position(signal: Signal, _described: DescribedEvent) -> Point:
    steps = [cut(one_line(step), 40).replace("_", " ") for step in (signal.old, signal.new) if step]
    words = f"agency's position: {' → '.join(steps)}" if steps else "the agency took a position"
    return _plain(signal.kind, words, one_line(signal.text))


def _status_moved(signal: Signal, described: DescribedEvent) -> Point:
    old, new = described.event.old, described.event.new
    return _moved_status(old.status, new.status) if old and new else _plain(signal.kind, "status moved")


def _closed_signal(signal: Signal, described: DescribedEvent) -> Point:
    return _plain(signal.kind, _closed(described.event.new), one_line(signal.text))


def _fixed(words: str) -> Callable[[Signal, DescribedEvent], Point]:
    return lambda signal, _described: _plain(signal.kind, words, one_line(signal.text))


_PHRASES: dict[str, Callable[[Signal, DescribedEvent], Point]] = {
    "deadline_moved": _deadline_moved,
    "deadline_set": _deadline_set,
    "date_named": _date_named,
    "agency_position": _position,
    "status_moved": _status_moved,
    "closed": _closed_signal,
    "reopened": _fixed("reopened"),
    "first_response": _fixed("first response"),
    "action_reported": _fixed("action reported"),
    "text_removed": _fixed("text removed"),
    "priority_set": lambda _signal, _described: _priority_point(True),
    "priority_cleared": lambda _signal, _described: _priority_point(False),
}

# Weightiest first: closed or opened, overdue, moved, promised, reported. A moved deadline comes before a
# moved status: where a line is cut, its two dates are what a reader could not guess.
ORDER = (
    "closed",
    "reopened",
    "vanished",
    "opened",
    "overdue",
    "stalled",
    "priority_set",
    "deadline_moved",
    "status_moved",
    "first_response",
    "deadline_set",
    "agency_position",
    "text_removed",
    "priority_cleared",
    "text",
    "action_reported",
    "date_named",
    "wording",
    str(Level.SUBSTANTIVE),
    str(Level.REDATED),
    str(Level.COSMETIC),
)

# One, and several of them.
COUNTED = {
    "closed": ("closed", "closed"),
    "reopened": ("reopened", "reopened"),
    "vanished": ("left the open list", "left the open list"),
    "opened": ("new", "new"),
    "overdue": ("overdue", "overdue"),
    "stalled": ("at a standstill", "at a standstill"),
    "priority_set": ("now a priority", "now priorities"),
    "status_moved": ("status moved", "statuses moved"),
    "deadline_moved": ("deadline moved", "deadlines moved"),
    "first_response": ("first response", "first responses"),
    "deadline_set": ("deadline set", "deadlines set"),
    "agency_position": ("position taken", "positions taken"),
    "text_removed": ("text removed", "texts removed"),
    "priority_cleared": ("no longer a priority", "no longer priorities"),
    "text": ("recommendation reworded", "recommendations reworded"),
    "action_reported": ("action reported", "actions reported"),
    "date_named": ("new date in the text", "new dates in the text"),
    "wording": ("status update changed", "status updates changed"),
    str(Level.REDATED): ("new review date only", "new review dates only"),
    str(Level.COSMETIC): ("new wording only", "new wordings only"),
}
