"""A change in a terminal: what happened, where, old against new."""

import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from monitor.record.values import Event, State
from recwatch.cli.output import console, local, print_without_padding, say, shown
from workers.channels.text.common import headline, level_in_words, link, safe, status_in_words, what_changed
from workers.channels.text.excerpts import Piece, between
from workers.meaning.difference import narrative_runs
from workers.values import DescribedEvent, Run

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"equal": "", "delete": "strike red", "insert": "bold green"}
_MARKS = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
_LABEL = 8


def explain(event: Event) -> None:
    """Each candidate for a claim about an event, and what weighed for and against it."""
    from workers.meaning.significance.why import reasons

    for reason in reasons(event):
        say()
        for line in reason.lines():
            say(safe(line))


def runs_as_text(runs: Iterable[Run]) -> "Text":
    """The runs of a difference: struck and bold on a terminal, between marks elsewhere.

    Marks stand close to the words, as in the console channel: `[-May 2024.-] {+September 2025.+}`.
    """
    from rich.text import Text

    text, last = Text(), None
    for operation, words in runs:
        piece = Piece(operation, safe(words))
        text.append(between(last, piece))
        last = piece
        body = piece.text.strip()
        before, _, after = piece.text.partition(body) if body else (piece.text, "", "")
        opening, closing = ("", "") if sys.stdout.isatty() or not body else _MARKS[operation]
        text.append(before)
        text.append(f"{opening}{body}{closing}", style=_STYLES[operation])
        text.append(after)
    return text


def print_event(described: DescribedEvent) -> None:
    """Print one event in full."""
    from rich.text import Text

    event = described.event
    print_without_padding(Text(safe(headline(described)), style="bold"))
    facts = [
        ("event", f"{event.id}, {event.type}"),
        ("when", f"{local(event.at)}, read from {event.source}"),
        ("key", event.subject.key),
        ("report", event.subject.title),
        ("agency", event.subject.agency),
        ("page", link(event.subject)),
        ("before", _state_in_words(event.old)),
        ("after", _state_in_words(event.new)),
        ("means", level_in_words(described.significance.level)),
    ]
    for label, value in facts:
        _hanging(f"{label:<{_LABEL}}{shown(value)}", _LABEL)
    for point in what_changed(described):
        quote = f": “{safe(point.quote)}”" if point.quote else ""
        if quote or point.full != level_in_words(described.significance.level):
            _hanging(f"  - {point.full}{quote}", 4)
    old, new = event.old, event.new
    reworded = "text" in event.changed and old is not None and new is not None
    texts = narrative_runs(old.text, new.text) if reworded and old and new else ()
    _section("Recommendation", runs_as_text(texts) if texts else Text(safe(event.subject.text)))
    _section("Narrative", runs_as_text(described.difference.narrative) or _only_side(described))
    say()


def _only_side(described: DescribedEvent) -> "Text":
    from rich.text import Text

    side = described.event.new or described.event.old
    return Text(safe(side.narrative) if side else "")


def _state_in_words(state: State | None) -> str:
    if state is None:
        return "not on the list"
    priority = ", priority" if state.priority else ""
    return f"{status_in_words(state.status)}{priority}, as seen {local(state.observed_at)}"


def _hanging(line: str, indent: int) -> None:
    """Print a line with a hanging indent; an address that is longer than a line is not broken."""
    width = console().width
    say(
        textwrap.fill(
            line, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
        )
    )


def _section(heading: str, body: "Text") -> None:
    from rich.text import Text

    say()
    print_without_padding(Text(heading, style="bold"))
    print_without_padding(body)
