"""How a change is described in every channel: headlines, meanings, tallies, marks, footers. Pure.

Everything returned is inert and on one line; each channel escapes for its own markup. The functions of
words.py, naming.py and points.py are re-exported here.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC

from monitor.record.folding import is_boilerplate
from monitor.record.values import Event, EventType, Kind, Notice, NoticeType
from workers.channels.text.inert import one_line, safe
from workers.channels.text.naming import link, link_label, name, short_name
from workers.channels.text.points import COUNTED, ORDER, Point, level_in_words, what_changed
from workers.channels.text.words import (
    agency_in_short,
    capitalized,
    counted,
    cut,
    date_in_words,
    ordinal,
    status_in_words,
)
from workers.meaning.periods import day_in_words
from workers.values import Cause, DescribedEvent, Message

__all__ = [
    "Point",
    "agency_in_short",
    "by_weight",
    "capitalized",
    "counted",
    "cut",
    "date_in_words",
    "day_in_words",
    "details",
    "footer",
    "headline",
    "kind_in_words",
    "lead",
    "level_in_words",
    "link",
    "link_label",
    "mark",
    "meaning",
    "message_headline",
    "name",
    "nothing_changed",
    "notice_body",
    "notice_headline",
    "notice_since",
    "one_line",
    "ordinal",
    "recommendation_first",
    "safe",
    "short_name",
    "status_in_words",
    "tally",
    "weight",
    "what_changed",
    "where_all_are",
    "where_the_rest_is",
    "without_response",
]

_HEADLINE_PHRASES = 70  # characters; with the name this is what a mail list shows


def headline(described: DescribedEvent) -> str:
    """`GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025`: a line for lists and subjects."""
    first, *others = (point.short for point in what_changed(described))
    second = next((phrase for phrase in others if len(f"{first}; {phrase}") <= _HEADLINE_PHRASES), "")
    return f"{name(described.event.subject)}: {first}" + (f"; {second}" if second else "")


def meaning(described: DescribedEvent) -> str:
    """All that happened in one line: `Deadline moved, May 2024 → Sep 2025 (16 months later); …`."""
    phrases = dict.fromkeys(point.full for point in what_changed(described))
    return capitalized("; ".join(phrases))


def lead(described: DescribedEvent) -> str:
    """What matters most, for a large line: `Deadline moved, May 2024 → Sep 2025`."""
    return capitalized(what_changed(described)[0].short)


def details(described: DescribedEvent, beyond: str = "") -> str:
    """What meaning() says beyond lead() and `beyond`: `16 months later, 2nd slip`; may be empty."""
    first, *others = what_changed(described)
    phrases = dict.fromkeys((first.remark, *(each.full for each in others if each.full not in beyond)))
    phrases.pop("", None)
    return capitalized("; ".join(phrases))


# Several at once.


def weight(described: DescribedEvent) -> tuple[int, int, int]:
    """A sort key, smallest for what a reader should see first: level, then kind, then priority."""
    kind = what_changed(described)[0].kind
    state = described.event.new or described.event.old
    return -described.significance.level.rank, ORDER.index(kind), 0 if state and state.priority else 1


def by_weight(described_events: Sequence[DescribedEvent]) -> tuple[DescribedEvent, ...]:
    """The weightiest first, equals as they came."""
    return tuple(sorted(described_events, key=weight))


def tally(described_events: Sequence[DescribedEvent], most: int = len(ORDER)) -> str:
    """`2 closed, 5 deadlines moved, 1 first response`: each change counted once, by its first point.

    With more kinds than `most` the lighter ones are counted together: `2 closed, 6 others`.
    """
    counts = Counter(what_changed(described)[0].kind for described in described_events)
    kinds = sorted(counts, key=ORDER.index)
    named, others = (kinds[:most], kinds[most:]) if len(kinds) > most + 1 else (kinds, [])
    said = [f"{counts[kind]:,} {COUNTED[kind][counts[kind] > 1]}" for kind in named]
    rest = sum(counts[kind] for kind in others)
    return ", ".join(said + [f"{rest:,} others"] * bool(rest))


# Whole messages.


def message_headline(message: Message, most: int = len(ORDER)) -> str:
    """One line for any message: a subject, a notification. Marks ([Test]) are not part of it.

    `most`: how many kinds of change are counted separately.
    """
    if message.notice is not None:
        return notice_headline(message.notice)
    if len(message.described_events) == 1:
        alone = headline(message.described_events[0])
        return f"1 change: {alone}" if message.cause == Cause.DIGEST else alone
    if not message.described_events:
        return "Nothing changed" + (f", {message.watch.watched:,} watched" if message.watch else "")
    size = len(message.described_events)
    subjects = {described.event.recommendation_id for described in message.described_events}
    where = f" in {counted(len(subjects), 'recommendation')}" if len(subjects) != size else ""
    return f"{counted(size, 'change')}{where}: {tally(message.described_events, most)}"


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
    ids = (
        [message.notice.id]
        if message.notice
        else [described.event.id for described in message.described_events]
    )
    label = f"subscription {message.subscription.id}"
    if not ids:
        return f"{label} · message {message.id}"
    if len(ids) > 3:
        return f"{label} · {counted(len(ids), 'event')} · message {message.id}"
    return f"{label} · {'event' if len(ids) == 1 else 'events'} {', '.join(ids)}"


def recommendation_first(event: Event) -> bool:
    """Whether to show the recommendation before GAO's update: it is new, or the update did not change."""
    if event.type == EventType.UPDATED:
        return "narrative" not in event.changed
    return event.type == EventType.OPENED


def without_response(event: Event) -> bool:
    """Whether a new recommendation's update is only the boilerplate that no response was received yet."""
    return event.type == EventType.OPENED and event.new is not None and is_boilerplate(event.new.narrative)


def kind_in_words(event: Event) -> str:
    """`Recommendation`, or `Matter for Congress`."""
    return "Matter for Congress" if event.subject.kind == Kind.MATTER else "Recommendation"


def where_all_are(message: Message) -> str:
    """Where all changes of a message are listed: an address, or the command; to the minute, in UTC."""
    base = message.base_url.rstrip("/")
    first = min(described.event.at for described in message.described_events).astimezone(UTC)
    return f"{base}/changes" if base else f"recwatch changes --since {first:%Y-%m-%dT%H:%MZ}"


def where_the_rest_is(event_id: str, base_url: str) -> str:
    """Where to find the whole of a text that was cut: an address, or the command that prints it."""
    return f"{base_url.rstrip('/')}/events/{event_id}" if base_url else f"recwatch show {event_id}"


_NOTICES = {
    NoticeType.FAILING: "source {} cannot be read",
    NoticeType.BLOCKED: "source {} is refused",
    NoticeType.QUARANTINED: "a capture of source {} was held back",
    NoticeType.STALE: "source {} has had no new capture for too long",
    NoticeType.RECOVERED: "source {} is working again",
    NoticeType.PAUSED: "subscription {} was paused",
    NoticeType.DEAD: "a message to subscription {} could not be delivered",
}


def notice_headline(notice: Notice) -> str:
    """`recwatch: source gao-open cannot be read`."""
    return "recwatch: " + _NOTICES[notice.type].format(one_line(notice.concerns))


def notice_body(notice: Notice) -> str:
    """The notice's text, capitalized unless it begins with a name."""
    text = safe(notice.message).strip()
    first = text.partition(" ")[0]
    return capitalized(text) if first.isalpha() and first != notice.concerns else text


def notice_since(notice: Notice) -> str:
    """`Since Mar 1, 2026, 09:30 UTC`; for a recovery, when the trouble that is now over began."""
    since = notice.since
    when = f"{day_in_words(since)}, {since:%H:%M} {since.tzname() or ''}".strip()
    return f"The trouble began {when}" if notice.type == NoticeType.RECOVERED else f"Since {when}"
