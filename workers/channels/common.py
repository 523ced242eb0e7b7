"""What a change is called, in every channel: names, headlines, meanings, marks. Pure.

Everything given back is inert and, but for the texts of the recommendation, on one line; markup is
the channel's own business.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.record.folding import product_url
from monitor.record.values import Event, EventType, Kind, Notice, NoticeType, State, Subject, is_closed
from workers.channels.words import (
    agency_in_short,
    capitalized,
    counted,
    cut,
    date_in_words,
    day_in_words,
    moved_later,
    one_line,
    ordinal,
    safe,
    shift_in_words,
    status_in_words,
)
from workers.values import Cause, Level, Message, Signal, Telling

__all__ = [
    "Point",
    "agency_in_short",
    "by_weight",
    "capitalized",
    "counted",
    "cut",
    "date_in_words",
    "day_in_words",
    "footer",
    "headline",
    "level_in_words",
    "link",
    "mark",
    "meaning",
    "message_headline",
    "name",
    "nothing_changed",
    "notice_headline",
    "one_line",
    "ordinal",
    "safe",
    "short_name",
    "status_in_words",
    "tally",
    "weight",
    "what_changed",
    "where_the_rest_is",
]

_GAO = "https://www.gao.gov"
_PRODUCT = re.compile(r"[A-Za-z0-9-]+")
_HEADLINE_PHRASES = 70  # characters; with the name this is what a mail list shows


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to say of a change: in short for headlines, in full, and the words it rests on."""

    short: str
    full: str
    quote: str = ""
    kind: str = ""


# --- which recommendation -------------------------------------------------------------------------


def short_name(subject: Subject) -> str:
    """`GAO-23-105607 rec. 5`; without a report's number its title, without its own number neither."""
    report = one_line(subject.product or "") or cut(one_line(subject.title), 60)
    if not subject.number:
        return report
    return f"{report} {'matter' if subject.kind == Kind.MATTER else 'rec.'} {one_line(subject.number)}"


def name(subject: Subject) -> str:
    """`GAO-23-105607 rec. 5 (CBP)`."""
    agency = agency_in_short(subject.agency)
    return f"{short_name(subject)} ({agency})" if agency else short_name(subject)


def link(subject: Subject) -> str:
    """The report's page, an http or https address; the site's own where the report is not known."""
    url = subject.url or ""
    if urlsplit(url).scheme in ("http", "https") and url.isascii() and not set(url) & set(" <>\"'\\\t\r\n"):
        return url
    product = subject.product or ""
    return product_url(product) if _PRODUCT.fullmatch(product) else _GAO


# --- what happened --------------------------------------------------------------------------------


def headline(telling: Telling) -> str:
    """`GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025`: a line for lists and subjects."""
    first, *others = (point.short for point in what_changed(telling))
    second = next((phrase for phrase in others if len(f"{first}; {phrase}") <= _HEADLINE_PHRASES), "")
    return f"{name(telling.event.subject)}: {first}" + (f"; {second}" if second else "")


def meaning(telling: Telling) -> str:
    """All that happened in one line: `Deadline moved, May 2024 → Sep 2025 (16 months later); …`."""
    phrases = dict.fromkeys(point.full for point in what_changed(telling))
    return capitalized("; ".join(phrases))


def what_changed(telling: Telling) -> tuple[Point, ...]:
    """The points of a change, weightiest first; never empty."""
    signals = [signal for signal in telling.significance.signals if signal.kind in _PHRASES]
    points = [_PHRASES[signal.kind](signal, telling) for signal in signals]
    if (own := _event_point(telling.event)) is not None:
        points = [own, *(point for point in points if point.kind != own.kind)]
    points += _unsaid(telling, {point.kind for point in points})
    if not points:
        points = [_wording_point(telling)]
    return tuple(sorted(points, key=lambda point: _ORDER.index(point.kind)))


def level_in_words(level: Level) -> str:
    """The level as people say it."""
    return {
        Level.COSMETIC: "no change in meaning",
        Level.REDATED: "only the review date changed",
        Level.SUBSTANTIVE: "substantive",
    }[level]


def _event_point(event: Event) -> Point | None:
    """What the event's type says by itself; None for an update."""
    make = _BY_TYPE.get(event.type)
    return make(event) if make else None


def _vanished(event: Event) -> Point:
    gone = "left GAO's open list, probably closed"
    full = f"{gone}; its report's page could not be read: {link(event.subject)}"
    return Point(gone, full, kind="vanished")


def _stalled(event: Event) -> Point:
    state = event.new or event.old
    since = f"since {day_in_words(state.observed_at)}" if state else "for long"
    return _plain("stalled", f"nothing has changed {since}")


def _opened(event: Event) -> str:
    priority = "priority " if event.new and event.new.priority else ""
    return f"new {priority}{'matter for Congress' if event.subject.kind == Kind.MATTER else 'recommendation'}"


def _closed(state: State | None) -> str:
    words = status_in_words(state.status) if state and is_closed(state.status) else "closed"
    return words[:1].lower() + words[1:]


def _plain(kind: str, words: str, quote: str = "") -> Point:
    return Point(words, words, quote, kind)


_OVERDUE = "an expected completion date went by without a change"
_BY_TYPE: dict[EventType, Callable[[Event], Point]] = {
    EventType.OPENED: lambda event: _plain("opened", _opened(event)),
    EventType.CLOSED: lambda event: _plain("closed", _closed(event.new)),
    EventType.REOPENED: lambda _event: _plain("reopened", "reopened"),
    EventType.VANISHED: _vanished,
    EventType.OVERDUE: lambda _event: _plain(
        "overdue", "an expected completion date went by without a change"
    ),
    EventType.STALLED: _stalled,
}


def _unsaid(telling: Telling, said: set[str]) -> list[Point]:
    """What `changed` names and no signal does: an event that could not be assessed has none."""
    event = telling.event
    if event.type != EventType.UPDATED or event.old is None or event.new is None:
        return []
    points = []
    if "status" in event.changed and not said & {"status_moved", "closed", "reopened"}:
        points.append(_plain("status_moved", _moved_status(event.old.status, event.new.status)))
    if "priority" in event.changed and not said & {"priority_set", "priority_cleared"}:
        points.append(_priority_point(event.new.priority))
    if "text" in event.changed:
        points.append(_plain("text", "the recommendation itself was reworded"))
    return points


def _wording_point(telling: Telling) -> Point:
    level = telling.significance.level
    if level != Level.SUBSTANTIVE:
        return _plain(str(level), level_in_words(level))
    operations = {operation for operation, text in telling.difference.narrative if text.strip()}
    if "delete" not in operations and "insert" in operations:
        return _plain("wording", "added to the status update")
    return _plain("wording", "status update changed")


# --- signals --------------------------------------------------------------------------------------


def _moved_status(old: str, new: str) -> str:
    return f"status moved, {status_in_words(old)} → {status_in_words(new)}"


def _priority_point(priority: bool) -> Point:
    if priority:
        return _plain("priority_set", "now a priority recommendation")
    return _plain("priority_cleared", "no longer a priority recommendation")


def _deadline_moved(signal: Signal, _telling: Telling) -> Point:
    old, new = date_in_words(signal.old or "?"), date_in_words(signal.new or "?")
    short = f"deadline moved, {old} → {new}"
    remarks = [shift_in_words(signal.old or "", signal.new or "")]
    if signal.slips and signal.slips > 1 and moved_later(signal.old, signal.new):
        remarks.append(f"{ordinal(signal.slips)} slip")
    remark = ", ".join(filter(None, remarks))
    return Point(short, f"{short} ({remark})" if remark else short, one_line(signal.text), signal.kind)


def _deadline_set(signal: Signal, _telling: Telling) -> Point:
    when = f", {date_in_words(signal.new)}" if signal.new else ""
    return _plain(signal.kind, f"deadline set{when}", one_line(signal.text))


def _position(signal: Signal, _telling: Telling) -> Point:
    steps = [cut(one_line(step), 40).replace("_", " ") for step in (signal.old, signal.new) if step]
    words = f"agency's position: {' → '.join(steps)}" if steps else "the agency took a position"
    return _plain(signal.kind, words, one_line(signal.text))


def _status_moved(signal: Signal, telling: Telling) -> Point:
    old, new = telling.event.old, telling.event.new
    words = _moved_status(old.status, new.status) if old and new else "status moved"
    return _plain(signal.kind, words)


def _closed_signal(signal: Signal, telling: Telling) -> Point:
    return _plain(signal.kind, _closed(telling.event.new), one_line(signal.text))


def _fixed(words: str) -> Callable[[Signal, Telling], Point]:
    return lambda signal, _telling: _plain(signal.kind, words, one_line(signal.text))


_PHRASES: dict[str, Callable[[Signal, Telling], Point]] = {
    "deadline_moved": _deadline_moved,
    "deadline_set": _deadline_set,
    "agency_position": _position,
    "status_moved": _status_moved,
    "closed": _closed_signal,
    "reopened": _fixed("reopened"),
    "first_response": _fixed("first response"),
    "action_reported": _fixed("action reported"),
    "text_removed": _fixed("text removed"),
    "priority_set": lambda _signal, _telling: _priority_point(True),
    "priority_cleared": lambda _signal, _telling: _priority_point(False),
}

# Weightiest first. What closes or opens a file, what GAO decided, what was promised, what was said.
_ORDER = (
    "closed",
    "reopened",
    "vanished",
    "opened",
    "overdue",
    "stalled",
    "priority_set",
    "status_moved",
    "deadline_moved",
    "first_response",
    "deadline_set",
    "agency_position",
    "text_removed",
    "priority_cleared",
    "text",
    "action_reported",
    "wording",
    str(Level.SUBSTANTIVE),
    str(Level.REDATED),
    str(Level.COSMETIC),
)

# --- several at once ------------------------------------------------------------------------------

_COUNTED = {
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
    "wording": ("status update changed", "status updates changed"),
    str(Level.REDATED): ("review date alone", "review dates alone"),
    str(Level.COSMETIC): ("without a change in meaning", "without a change in meaning"),
}


def weight(telling: Telling) -> tuple[int, int, int]:
    """A sort key, smallest for what a reader should see first: level, then kind, then priority."""
    kind = what_changed(telling)[0].kind
    state = telling.event.new or telling.event.old
    return -telling.significance.level.rank, _ORDER.index(kind), 0 if state and state.priority else 1


def by_weight(tellings: Sequence[Telling]) -> tuple[Telling, ...]:
    """The weightiest first, equals as they came."""
    return tuple(sorted(tellings, key=weight))


def tally(tellings: Sequence[Telling]) -> str:
    """`2 closed, 5 deadlines moved, 1 first response`: each change counted once, by its first point."""
    counts = Counter(what_changed(telling)[0].kind for telling in tellings)
    kinds = sorted(counts, key=_ORDER.index)
    return ", ".join(f"{counts[kind]:,} {_COUNTED[kind][counts[kind] > 1]}" for kind in kinds)


# --- whole messages -------------------------------------------------------------------------------


def message_headline(message: Message) -> str:
    """One line for any message: a subject, a notification. Marks ([Test]) are not part of it."""
    if message.notice is not None:
        return notice_headline(message.notice)
    if len(message.tellings) == 1:
        alone = headline(message.tellings[0])
        return f"1 change: {alone}" if message.cause == Cause.DIGEST else alone
    if not message.tellings:
        return "Nothing changed" + (f", {message.watch.watched:,} watched" if message.watch else "")
    size = len(message.tellings)
    subjects = {telling.event.recommendation_id for telling in message.tellings}
    where = f" in {counted(len(subjects), 'recommendation')}" if len(subjects) != size else ""
    return f"{counted(size, 'change')}{where}: {tally(message.tellings)}"


def mark(message: Message) -> str:
    """`[Test]` or `[Sent again]` for the start of a subject; empty for all others."""
    return {Cause.TEST: "[Test]", Cause.REPLAY: "[Sent again]"}.get(message.cause, "")


def nothing_changed(message: Message) -> str:
    """The body of an empty digest: that nothing changed, how many are watched, when last read."""
    watch = message.watch
    if watch is None:
        return "Nothing changed."
    read = f", last read {day_in_words(watch.last_read_at)}" if watch.last_read_at else ", not read yet"
    return f"Nothing changed. {counted(watch.watched, 'recommendation')} watched{read}."


def footer(message: Message) -> str:
    """`subscription cbp-team · event evt_…`, every event named up to three; more are counted."""
    ids = [message.notice.id] if message.notice else [telling.event.id for telling in message.tellings]
    label = f"subscription {message.subscription.id}"
    if not ids:
        return f"{label} · message {message.id}"
    if len(ids) > 3:
        return f"{label} · {counted(len(ids), 'event')} · message {message.id}"
    return f"{label} · {'event' if len(ids) == 1 else 'events'} {', '.join(ids)}"


def where_the_rest_is(event_id: str, base_url: str) -> str:
    """Where a text that was cut stands whole: an address, or the command that prints it."""
    return f"{base_url.rstrip('/')}/events/{event_id}" if base_url else f"recwatch show {event_id}"


_NOTICES = {
    NoticeType.FAILING: "source {} cannot be read",
    NoticeType.BLOCKED: "source {} is refused",
    NoticeType.QUARANTINED: "a capture of source {} was held back",
    NoticeType.STALE: "source {} has brought nothing new for too long",
    NoticeType.RECOVERED: "source {} is well again",
    NoticeType.PAUSED: "subscription {} was paused",
    NoticeType.DEAD: "a message to subscription {} could not be delivered",
}


def notice_headline(notice: Notice) -> str:
    """`recwatch: source gao-open cannot be read`."""
    return "recwatch: " + _NOTICES[notice.type].format(one_line(notice.concerns))
