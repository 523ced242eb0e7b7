"""Differences cut to a size, saying how much was left out. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workers.channels.text.inert import safe
from workers.channels.text.words import cut
from workers.meaning.difference import fold_runs
from workers.values import Operation, Run

Kind = Literal["equal", "delete", "insert", "gap", "key"]
_BLOCK = 100  # characters
_ENDS = '.!?)"”'
_SHORTEST = 24  # characters; less of a run than this says nothing


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a difference as it is shown.

    A `key` is the sentence for which an unchanged text is shown. A `gap` stands for `words` words that are
    not shown: `unchanged` ones, or those of `side` that had no room.
    """

    kind: Kind
    text: str = ""
    words: int = 0
    unchanged: bool = False
    side: Operation = "equal"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Pieces in reading order, inert, and how many words had no room (unchanged ones don't count)."""

    pieces: tuple[Piece, ...]
    left_out: int


def excerpt_runs(runs: Sequence[Run], room: int, most: int = 400) -> Excerpt:
    """Show a difference in at most about `room` characters and `most` pieces.

    Unchanged stretches are folded first. Where that is not enough each run keeps its beginning, so
    that the new words are never crowded out by the old ones.
    """
    pieces = list(_fold(runs))
    kept, rest = pieces[:most], pieces[most:]
    allowed = _allowance([len(piece.text) for piece in kept], room)
    shown = [part for piece in kept for part in _shorten(piece, allowed)]
    if rest:
        shown.append(Piece("gap", words=sum(_words(piece.text) or piece.words for piece in rest)))
    left_out = sum(piece.words for piece in shown if piece.kind == "gap" and not piece.unchanged)
    return Excerpt(_join_gaps(shown), left_out)


def excerpt_text(text: str, room: int) -> Excerpt:
    """The beginning of a text that is not compared with another."""
    pieces = tuple(_shorten(Piece("equal", safe(text)), max(room, _SHORTEST))) if text else ()
    return Excerpt(pieces, pieces[-1].words if pieces else 0)


def excerpt_around(text: str, sentence: str, room: int) -> Excerpt:
    """An unchanged text shown for one sentence: whole where it fits, else the words around it counted.

    Without the sentence in it, the beginning of the text.
    """
    whole, wanted = " ".join(text.split()), " ".join(sentence.split())
    before, found, after = whole.partition(wanted) if wanted else (whole, "", "")
    if not found:
        return excerpt_text(text.strip(), room)
    if len(whole) <= room:
        parts = (Piece("equal", safe(before)), Piece("key", safe(found)), Piece("equal", safe(after)))
        return Excerpt(tuple(piece for piece in parts if piece.text), 0)
    shown = excerpt_text(found, room)
    gaps = [Piece("gap", words=_words(part), unchanged=True) for part in (before, after)]
    key = (replace(piece, kind="key") if piece.kind == "equal" else piece for piece in shown.pieces)
    pieces = (gaps[0], *key, gaps[1])
    return Excerpt(tuple(piece for piece in pieces if piece.kind != "gap" or piece.words), shown.left_out)


def _fold(runs: Sequence[Run]) -> Iterator[Piece]:
    for segment in fold_runs(runs):
        if segment.omitted_words:
            yield Piece("gap", words=segment.omitted_words, unchanged=True)
        else:
            yield Piece(segment.operation, safe(segment.text))


def between(before: Piece | None, piece: Piece) -> str:
    """What is shown between struck words and the new ones.

    A line end where sentences gave way to sentences: two blocks that run on in one paragraph are hard to tell
    apart. A space where they would touch: what ends a text has none after it.
    """
    if before is None or piece.kind != "insert":
        return ""
    if before.kind == "gap" and before.side == "delete":
        return "\n"  # the struck words were too many to be shown
    if before.kind != "delete":
        return ""
    if _begins_a_block(before.text) and before.text.strip()[-1] in _ENDS and _begins_a_block(piece.text):
        return "\n"
    return "" if before.text[-1:].isspace() or piece.text[:1].isspace() else " "


def _begins_a_block(text: str) -> bool:
    """Whether it is as long as a sentence or several, and does not begin in the midst of one."""
    body = text.strip()
    return len(body) >= _BLOCK and not body[0].islower()


def _allowance(lengths: Sequence[int], room: int) -> int:
    """The length to which every run must be cut so that all together fit."""
    if sum(lengths) <= room:
        return max(lengths, default=0)
    left, ordered = room, sorted(lengths)
    for index, length in enumerate(ordered):
        share = left // (len(ordered) - index)
        if length > share:
            return max(share, _SHORTEST)
        left -= length
    return max(lengths, default=0)


def _shorten(piece: Piece, allowed: int) -> list[Piece]:
    if len(piece.text) <= allowed or piece.kind == "gap":
        return [piece]
    head = cut(piece.text, allowed)
    shown = head.removesuffix("…")
    rest = max(1, _words(piece.text[len(shown) :]))
    return [
        Piece(piece.kind, shown),
        Piece("gap", words=rest, side="equal" if piece.kind == "key" else piece.kind),
    ]


def _words(text: str) -> int:
    return len(text.split())


def _join_gaps(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and last.kind == "gap" and last == replace(piece, words=last.words):
            joined[-1] = replace(last, words=last.words + piece.words)
        else:
            joined.append(piece)
    return tuple(joined)


def inline(pieces: Sequence[Piece]) -> str:
    """Pieces as plain text: `by [was: May 2024] [now: June 2025]`."""
    marks = {"delete": "[was: {}] ", "insert": "[now: {}] "}
    parts: list[str] = []
    for piece in pieces:
        if piece.kind == "gap":
            apart = " " if parts and not parts[-1][-1:].isspace() else ""
            parts.append(f"{apart}{gap_in_words(piece)} ")
        else:
            text = piece.text.strip() if piece.kind in marks else piece.text
            parts.append(marks.get(piece.kind, "{}").format(text) if text else piece.text)
    return "".join(parts)


def gap_in_words(piece: Piece) -> str:
    """`[… 214 words unchanged …]`."""
    noun = "word" if piece.words == 1 else "words"
    return f"[… {piece.words:,} {noun} {'unchanged' if piece.unchanged else 'left out'} …]"
