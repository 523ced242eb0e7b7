"""Block Kit's pieces, each within Slack's limits whatever it is given. Pure.

Texts from outside appear in plain_text and rich_text alone, where nothing is markup. Limits:
https://docs.slack.dev/reference/block-kit/blocks (and, measured, `msg_blocks_too_long` near 13,200
over all blocks).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from workers.channels.text.inert import safe
from workers.channels.text.words import cut

Block = dict[str, Any]
Run = dict[str, Any]
Style = Literal["bold", "italic", "strike"]

HEADER = 150
TEXT = 3_000
BUTTON = 75
ADDRESS = 2_000  # of 3,000 that a button may have
HEAVIEST = 9_500  # of all blocks as the JSON that is sent: under 10,000 however Slack counts
_EMPTY = "–"


def units(text: str) -> int:
    """Length as Slack may count it at most: in UTF-16, with `&`, `<` and `>` as entities."""
    entities = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    return len(text) + sum(each > "\uffff" for each in text) + entities


def fit(text: str, most: int) -> str:
    """The text made inert, not empty, and at most so many units long."""
    whole = safe(text).strip() or _EMPTY
    shown, length = whole, len(whole)
    while units(shown) > most:
        length = min(length - 1, most, length * most // units(shown))
        shown = cut(whole, max(length, 1))
    return shown


def weigh(blocks: Sequence[Block]) -> int:
    """Characters of the blocks as the SDK writes them."""
    return len(json.dumps(blocks))


def header(text: str) -> Block:
    """A headline."""
    return {"type": "header", "text": _plain(text, HEADER)}


def context(*lines: str) -> Block:
    """Lines in small grey letters."""
    return {"type": "context", "elements": [_plain("\n".join(lines), TEXT)]}


def button(text: str, url: str) -> Block:
    """A row with one button that opens an address."""
    element = {"type": "button", "text": _plain(text, BUTTON), "url": url, "action_id": "open"}
    return {"type": "actions", "elements": [element]}


def rich_text(*elements: Block) -> Block:
    """Styled text; elements without anything in them are left out."""
    return {"type": "rich_text", "elements": [element for element in elements if element["elements"]]}


def paragraph(runs: Iterable[Run]) -> Block:
    """Runs as a paragraph."""
    return {"type": "rich_text_section", "elements": list(runs)}


def quote(runs: Iterable[Run]) -> Block:
    """Runs with a bar at their left."""
    return {"type": "rich_text_quote", "elements": list(runs)}


def bullets(items: Iterable[Iterable[Run]]) -> Block:
    """A list, an item of runs each."""
    elements = [paragraph(item) for item in items]
    return {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": elements}


def words(text: str, *styles: Style) -> list[Run]:
    """Text as runs of one style, each within the limit; none for an empty text."""
    text = safe(text)
    step = len(text) if units(text) <= TEXT else TEXT // 5  # an ampersand is five units
    parts = (text[start : start + step] for start in range(0, len(text), max(step, 1)))
    style = {"style": dict.fromkeys(styles, True)} if styles else {}
    return [{"type": "text", "text": part, **style} for part in parts]


def address(url: str, text: str, *styles: Style) -> list[Run]:
    """A link; as text where the address is too long for one."""
    if len(url) > ADDRESS:
        return words(text, *styles)
    style = {"style": dict.fromkeys(styles, True)} if styles else {}
    return [{"type": "link", "url": url, "text": fit(text, TEXT), **style}]


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": fit(text, most), "emoji": False}
