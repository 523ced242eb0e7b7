"""The words of a change as Slack's runs, for messages of one and of several changes. Pure."""

from collections.abc import Iterable

from monitor.record.values import Event
from workers.channels.slack.blocks import Run, Style, words
from workers.channels.text.common import mark, message_headline, recommendation_first
from workers.channels.text.excerpts import (
    Excerpt,
    Piece,
    between,
    excerpt_around,
    excerpt_runs,
    excerpt_text,
    gap_in_words,
)
from workers.meaning.difference import narrative_runs
from workers.values import DescribedEvent, Message

MOST_PIECES = 60
_STYLES: dict[str, tuple[Style, ...]] = {
    "equal": (),
    "delete": ("strike",),
    "insert": ("bold",),
    "key": ("bold",),
    "gap": ("italic",),
}


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


def styled(pieces: Iterable[Piece]) -> list[Run]:
    """Pieces as runs; the white space after struck words goes to the next run, where no line crosses it."""
    runs: list[Run] = []
    space, before = "", None
    for piece in pieces:
        apart = between(before, piece)
        runs += words(apart)
        space, before = space.strip() if apart else space, piece
        spaced = not runs or space or runs[-1]["text"][-1:].isspace()
        gap = f"{'' if spaced else ' '}{gap_in_words(piece)} "
        text = space + (gap if piece.kind == "gap" else piece.text)
        kept = text.rstrip() if piece.kind == "delete" else text
        runs += words(kept, *_STYLES[piece.kind])
        space = text[len(kept) :]
    return runs
