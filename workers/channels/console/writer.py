"""Writes a terminal's lines, wrapped and styled, through Rich. Pure: it writes into a string.

All text is made inert here, so that no page can move a cursor or set a title.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from workers.channels.text.excerpts import Excerpt, Piece, between, excerpt_runs, excerpt_text, gap_in_words
from workers.channels.text.inert import one_line, safe
from workers.values import Run

_INDENT = 2
_NARROWEST = 40
_STYLES = {"delete": "strike bright_red", "insert": "bold green", "equal": "", "gap": "dim", "key": "bold"}
_MARKS = {"delete": ("[-", "-]"), "insert": ("{+", "+}")}


class TerminalWriter:
    """Collects lines; old and new words are styled with colour, and in [-…-] and {+…+} without."""

    def __init__(self, width: int, colour: bool) -> None:
        self._colour = colour
        self._indent = _INDENT
        self._out = StringIO()
        self._console = Console(
            file=self._out,
            width=max(width, _NARROWEST),
            force_terminal=colour,
            color_system="standard" if colour else None,
            no_color=not colour,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},  # the caller has already read COLUMNS and TERM
        )

    def text(self) -> str:
        """Everything so far, without trailing blanks."""
        return "\n".join(line.rstrip(" ") for line in self._out.getvalue().split("\n"))

    def gap(self) -> None:
        """An empty line."""
        self._console.print()

    def title(self, *parts: tuple[str, str]) -> None:
        """A line at the margin, of words and their styles."""
        self._hanging(Text.assemble(*((safe(words), style) for words, style in parts)), 0)

    def line(self, words: str, style: str = "") -> None:
        """An indented line; nothing for no words."""
        if words:
            self._hanging(Text(safe(words), style), self._indent)

    def item(self, words: str, style: str, note: str) -> None:
        """An item of a list, with a note beside it."""
        self._hanging(Text.assemble("- ", (safe(words), style), (f"  {one_line(note)}", "dim")), self._indent)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """Indent what is written meanwhile."""
        self._indent += _INDENT
        yield
        self._indent -= _INDENT

    def whole(self, words: str, style: str = "") -> None:
        """A line that is never broken: an address or a command is copied from it."""
        line = Text.assemble(" " * self._indent, (one_line(words), style))
        self._console.print(line, soft_wrap=True)

    def difference(self, runs: Sequence[Run], room: int) -> int:
        """Old and new, long unchanged stretches folded; returns how many words had no room."""
        return self._excerpt(excerpt_runs(runs, room))

    def words(self, text: str, room: int) -> int:
        """A text that is not compared with another; returns how many words had no room."""
        return self._excerpt(excerpt_text(text, room))

    def _excerpt(self, excerpt: Excerpt) -> int:
        text = Text()
        for before, piece in zip((None, *excerpt.pieces), excerpt.pieces, strict=False):
            # Old and new often touch: "2024" and "2025" of a sentence that goes on with a comma.
            if between(before, piece) == "\n":
                text.rstrip()
                text.append("\n")
            elif piece.kind in ("gap", "insert"):
                _space(text)
            if piece.kind == "gap":
                text.append(f"{gap_in_words(piece)} ", _STYLES["gap"])
            else:
                self._piece(text, piece)
        text.rstrip()
        self._console.print(Padding(text, (0, 0, 0, self._indent), expand=False))
        return excerpt.left_out

    def _piece(self, text: Text, piece: Piece) -> None:
        if piece.kind not in _MARKS:
            text.append(piece.text, _STYLES[piece.kind])
            return
        # Marks and styles hug the words: [-May 2024-] {+September 2025+}, and no blank is struck.
        opening, closing = ("", "") if self._colour else _MARKS[piece.kind]
        core = piece.text.strip()
        before, _, after = piece.text.partition(core) if core else (piece.text, "", "")
        text.append(before)
        text.append(f"{opening}{core}{closing}" if core else "", _STYLES[piece.kind])
        text.append(after)

    def _hanging(self, text: Text, indent: int) -> None:
        """Indent continuation lines, so that the beginning of each item is easy to see."""
        first, *others = text.wrap(self._console, self._console.width - indent - _INDENT) or [Text()]
        self._console.print(Padding(first, (0, 0, 0, indent), expand=False))
        for line in others:
            self._console.print(Padding(line, (0, 0, 0, indent + _INDENT), expand=False))


def _space(text: Text) -> None:
    if text.plain and not text.plain[-1].isspace():
        text.append(" ")
