"""What messages of one and of several changes share. Pure."""

from collections.abc import Iterable

from workers.channels.common import mark, message_headline
from workers.channels.excerpts import (
    Excerpt,
    Piece,
    excerpt_around,
    excerpt_runs,
    excerpt_text,
    gap_in_words,
    touches,
)
from workers.channels.slack.blocks import Run, Style, words
from workers.values import Message, Telling

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


def update(telling: Telling, room: int) -> Excerpt:
    """The status update as it changed, or as it stands where there is no other side to it."""
    event = telling.event
    runs = telling.difference.narrative
    if runs and event.old and event.new and event.old.narrative != event.new.narrative:
        return excerpt_runs(runs, room, MOST_PIECES)
    state = event.new or event.old
    if event.reminder and state:
        return excerpt_around(state.narrative, event.reminder.text, min(room, 700))
    most = 2_400 if event.old is None or event.new is None else 700  # unchanged words need no full reading
    return excerpt_text(state.narrative.strip() if state else "", min(room, most))


def styled(pieces: Iterable[Piece]) -> list[Run]:
    """Pieces as runs; the white space after struck words goes to the next run, where no line crosses it."""
    runs: list[Run] = []
    space, before = "", None
    for piece in pieces:
        runs += words(" ") if touches(before, piece) else []
        before = piece
        gap = f"{' ' if runs else ''}{gap_in_words(piece)} "
        text = space + (gap if piece.kind == "gap" else piece.text)
        kept = text.rstrip() if piece.kind == "delete" else text
        runs += words(kept, *_STYLES[piece.kind])
        space = text[len(kept) :]
    return runs
