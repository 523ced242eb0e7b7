"""The HTML part of a mail: templates that escape everything, and nothing fetched from elsewhere."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from workers.channels.email.cards import Frame
from workers.channels.text.excerpts import Piece, between, gap_in_words
from workers.channels.text.inert import safe

_TEMPLATES = Path(__file__).parent / "templates"
_OLD = "background-color:#ffe4e1;color:#8c1d18;text-decoration:line-through"
_NEW = "background-color:#daf3e1;color:#0a4f25;font-weight:600;text-decoration:none"
_STYLES = {"delete": _OLD, "insert": _NEW}
_KEY = Markup('<b class="ink">{}</b>')
_GAP = Markup(' <span class="soft" style="color:#5a636d;font-style:italic">{}</span> ')
# Screen readers pass over del and ins: words that only they read out say which is which.
_MARKS = {
    "delete": Markup('<del class="old" style="{style}"><span class="sr">removed: </span>{text}</del>'),
    "insert": Markup('<ins class="new" style="{style}"><span class="sr">added: </span>{text}</ins>'),
}


def write(frame: Frame) -> str:
    """The whole mail as HTML."""
    return _environment().get_template("mail.html").render(frame=frame)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        auto_reload=False,
        finalize=_inert,
    )
    environment.filters["breaks"] = breaks
    environment.filters["shown"] = shown
    return environment


def _inert(value: object) -> object:
    """Every value that a template prints passes here."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else safe(value)


def shown(pieces: Sequence[Piece]) -> Markup:
    """Pieces with old words struck and new ones bold, white space between them outside the marks."""
    pairs = zip((None, *pieces), pieces, strict=False)
    return Markup("").join(breaks(between(before, piece)) + _shown(piece) for before, piece in pairs)


def _shown(piece: Piece) -> Markup:
    if piece.kind == "gap":
        return _GAP.format(gap_in_words(piece))
    if piece.kind == "equal":
        return breaks(piece.text)
    if piece.kind == "key":
        return _KEY.format(breaks(piece.text))
    body = piece.text.strip()
    if not body:
        return breaks(piece.text)
    before, _, after = piece.text.partition(body)
    marked = _MARKS[piece.kind].format(style=_STYLES[piece.kind], text=breaks(body))
    return breaks(before) + marked + breaks(after)


def breaks(text: str) -> Markup:
    """Escape, with line ends as <br>: Outlook knows no white-space: pre-line."""
    return Markup("<br>").join(escape(line) for line in safe(text).split("\n"))
