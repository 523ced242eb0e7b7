"""The words of a change that a message shows, whatever its markup. Pure."""

from monitor.record.values import Event
from workers.channels.text.common import mark, message_headline, recommendation_first
from workers.channels.text.excerpts import Excerpt, excerpt_around, excerpt_runs, excerpt_text
from workers.meaning.difference import narrative_runs
from workers.values import DescribedEvent, Message

MOST_PIECES = 60


def titled(message: Message) -> str:
    """The headline with its mark."""
    return f"{mark(message)} {message_headline(message)}".strip()


def update(described: DescribedEvent, room: int) -> Excerpt:
    """The status update as a difference, or as it is now where there is nothing to compare it with."""
    event = described.event
    runs = described.difference.narrative
    if runs and event.old and event.new and event.old.narrative != event.new.narrative:
        return excerpt_runs(runs, room, MOST_PIECES)
    state = event.new or event.old
    if event.reminder and state:
        return excerpt_around(state.narrative, event.reminder.text, min(room, 700))
    most = 2_400 if event.old is None or event.new is None else 700  # unchanged words need no full reading
    return excerpt_text(state.narrative.strip() if state else "", min(room, most))


def recommended(event: Event, room: int) -> Excerpt:
    """What was recommended; with its own difference where GAO reworded it."""
    old, new = event.old, event.new
    if "text" in event.changed and old and new:
        return excerpt_runs(narrative_runs(old.text, new.text), room, MOST_PIECES // 2)
    return excerpt_text(event.subject.text.strip(), room)


def changed_words(described: DescribedEvent, room: int) -> Excerpt:
    """The words that a change is about, for a line of several."""
    return (
        recommended(described.event, room)
        if recommendation_first(described.event)
        else update(described, room)
    )
