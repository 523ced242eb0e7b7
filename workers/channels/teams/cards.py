"""The elements of an Adaptive Card. Pure.

Texts from outside are in text runs alone: a TextBlock reads Markdown, a run does not.
https://adaptivecards.microsoft.com
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from workers.channels.text.excerpts import Piece, between, gap_in_words
from workers.channels.text.inert import safe

Element = dict[str, Any]
Run = dict[str, Any]

HEAVIEST = 24_000  # bytes of 28 kB that Teams takes, its own envelope included
_STYLES: dict[str, Run] = {
    "equal": {},
    "delete": {"strikethrough": True},
    "insert": {"weight": "Bolder"},
    "key": {"weight": "Bolder"},
    "gap": {"italic": True, "isSubtle": True},
}


def run(text: str, **style: Any) -> Run:
    """Text of one style."""
    return {"type": "TextRun", "text": safe(text), **style}


def paragraph(runs: Iterable[Run], **how: Any) -> Element:
    """Runs as a paragraph; Teams refuses an empty one, so there is always a run."""
    shown = [each for each in runs if each["text"]] or [run("–")]
    return {"type": "RichTextBlock", "inlines": shown, **how}


def heading(text: str) -> Element:
    """A headline."""
    return paragraph([run(text, weight="Bolder", size="Large")])


def small(lines: Sequence[str]) -> Element:
    """Lines in small grey letters, set off from what precedes."""
    return paragraph([run("\n".join(lines), size="Small", isSubtle=True)], separator=True)


def styled(pieces: Iterable[Piece]) -> list[Run]:
    """Pieces of an excerpt as runs, old words struck and new ones bold."""
    runs: list[Run] = []
    before = None
    for piece in pieces:
        runs.append(run(between(before, piece)))
        text = f" {gap_in_words(piece)} " if piece.kind == "gap" else piece.text
        runs.append(run(text, **_STYLES[piece.kind]))
        before = piece
    return [each for each in runs if each["text"]]


def open_url(title: str, url: str) -> Element:
    """A button that opens an address."""
    return {"type": "Action.OpenUrl", "title": safe(title), "url": url}


def payload(body: Sequence[Element], actions: Sequence[Element], spoken: str) -> dict[str, Any]:
    """The message that a Workflows webhook takes; `spoken` is what a screen reader announces."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "speak": safe(spoken),
        "msteams": {"width": "Full"},
        "body": list(body),
        "actions": list(actions),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def encode(message: dict[str, Any]) -> bytes:
    """The bytes that are posted."""
    return json.dumps(message).encode()
