"""Pieces of an excerpt as Slack's runs. Pure."""

from collections.abc import Iterable

from workers.channels.slack.blocks import Run, Style, words
from workers.channels.text.excerpts import Piece, between, gap_in_words

_STYLES: dict[str, tuple[Style, ...]] = {
    "equal": (),
    "delete": ("strike",),
    "insert": ("bold",),
    "key": ("bold",),
    "gap": ("italic",),
}


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
