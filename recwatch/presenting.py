"""A change as a person reads it in a terminal: what happened, where, and old against new."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from monitor.record.values import State
from recwatch.printing import console, local, shown
from workers.channels.common import headline, level_in_words, link, safe, status_in_words, what_changed
from workers.values import Run, Telling

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"equal": "", "delete": "strike red", "insert": "bold green"}
_MARKS = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}


def runs_as_text(runs: Iterable[Run]) -> "Text":
    """The runs of a difference: struck and bold on a terminal that has colours, marked elsewhere."""
    from rich.text import Text

    text = Text()
    for operation, words in runs:
        before, after = ("", "") if sys.stdout.isatty() else _MARKS[operation]
        text.append(f"{before}{safe(words)}{after}", style=_STYLES[operation])
    return text


def runs_as_plain(runs: Iterable[Run]) -> str:
    """The runs of a difference, removed and added words marked."""
    return "".join(f"{_MARKS[operation][0]}{safe(words)}{_MARKS[operation][1]}" for operation, words in runs)


def present(telling: Telling) -> None:
    """Print one event in full."""
    from rich.text import Text

    event = telling.event
    out = console()
    out.print(Text(headline(telling), style="bold"))
    facts = [
        ("event", f"{event.id}, {event.type}"),
        ("when", f"{local(event.at)}, read from {event.source}"),
        ("key", event.subject.key),
        ("report", event.subject.title),
        ("agency", event.subject.agency),
        ("page", link(event.subject)),
        ("means", level_in_words(telling.significance.level)),
    ]
    for label, value in facts:
        out.print(Text(f"{label:<8}{shown(value)}"))
    for point in what_changed(telling):
        quote = f": “{safe(point.quote)}”" if point.quote else ""
        out.print(Text(f"  - {point.full}{quote}"))
    _section("Recommendation", Text(safe(event.subject.text)))
    _section(_state_line("Before", event.old), None)
    _section(_state_line("After", event.new), None)
    narrative = runs_as_text(telling.difference.narrative) or _only_side(telling)
    _section("Narrative", narrative)
    out.print()


def _only_side(telling: Telling) -> "Text":
    from rich.text import Text

    side = telling.event.new or telling.event.old
    return Text(safe(side.narrative) if side else "")


def _state_line(label: str, state: State | None) -> str:
    if state is None:
        return f"{label}: not on the list"
    priority = ", priority" if state.priority else ""
    return f"{label}: {status_in_words(state.status)}{priority}, as seen {local(state.observed_at)}"


def _section(heading: str, body: "Text | None") -> None:
    from rich.text import Text

    out = console()
    if body is None:
        out.print(Text(heading))
        return
    out.print()
    out.print(Text(heading, style="bold"))
    out.print(body)
