"""The text part of a mail: reads as well on its own. Pure."""

import textwrap
from collections.abc import Iterator, Sequence

from workers.channels.email.cards import AgencyPart, Card, CardLine, Fact, Frame, TextBlock
from workers.channels.text.excerpts import Piece, gap_in_words
from workers.channels.text.inert import safe

WIDTH = 76
_COLUMN = 10


def write(frame: Frame) -> str:
    """The whole mail as text, lines of at most 76 characters but for addresses."""
    lines = [*_heading(f"{frame.mark}: {frame.title}" if frame.mark else frame.title), ""]
    for paragraph in frame.paragraphs:
        lines += [*_wrap(paragraph), ""]
    if frame.card is not None:
        lines += _card(frame.card, alone=True)
    if frame.contents:
        lines += [*_contents(frame.agencies), ""]
    for agency in frame.agencies:
        lines += _agency(agency)
    if frame.rest:
        lines += [*_wrap(frame.rest), ""]
    lines += ["-- ", *(line for sentence in frame.provenance for line in _wrap(sentence))]
    lines += [*_wrap(frame.footer), *_wrap(f"Unsubscribe: {frame.unsubscribe.address}")]
    return safe("\n".join(lines)) + "\n"


def _heading(text: str, under: str = "=") -> list[str]:
    lines = _wrap(text)
    return [*lines, under * max(len(line) for line in lines)]


def _contents(agencies: Sequence[AgencyPart]) -> list[str]:
    return [line for agency in agencies for line in _wrap(f"{agency.name}: {agency.count}", "  ")]


def _agency(agency: AgencyPart) -> list[str]:
    lines = [*_heading(f"{agency.name} ({agency.count})"), ""]
    for report in agency.reports:
        lines += [*_heading(report.title, "-"), report.url, ""]
        for card in report.cards:
            lines += _card(card, alone=False)
        for line in report.lines:
            lines += _line(line)
        lines += [""] * bool(report.lines)
    return lines


def _line(line: CardLine) -> list[str]:
    return [
        *_wrap(f"* {line.name}: {line.meaning}", "  ", first=""),
        f"  {line.url}",
        *_wrap(f"[{line.events}]", "  "),
    ]


def _card(card: Card, *, alone: bool) -> list[str]:
    lines = _wrap(card.meaning) if alone else _wrap(f"{card.name}: {card.meaning}")
    lines.append("")
    column = max([_COLUMN, *(len(fact.label) + 2 for fact in card.facts)])
    for fact in card.facts:
        lines += _fact(fact, column)
    if alone:
        lines.append(f"{'Link:':{column}}{card.url}")
    lines.append("")
    if card.steps:
        lines += ["STEP BY STEP", ""]
        lines += [each for step in card.steps for each in _wrap(f"* {step}", "  ", first="")] + [""]
    for block in card.blocks:
        lines += [*_block(block), ""]
    if card.left_out:
        lines += [*_wrap(card.left_out), ""]
    return lines if alone else [*lines, *_wrap(f"[{card.events}]"), ""]


def _fact(fact: Fact, column: int) -> list[str]:
    label = f"{fact.label}:"
    value = f"{fact.was} → {fact.now}" if fact.was else fact.now
    return _wrap(f"{label:{column - 1}} {value}", " " * column, first="")


def _block(block: TextBlock) -> list[str]:
    lines = [block.label.upper(), ""]
    if not block.compared:
        return lines + _paragraphs("".join(_plain(piece) for piece in block.pieces))
    for hunk in _hunks(block.pieces):
        lines += _hunk(hunk)
    return lines[:-1] if lines[-1] == "" else lines


def _hunks(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Group the pieces between two unchanged gaps; each gap is a group of its own."""
    hunk: list[Piece] = []
    for piece in pieces:
        if piece.kind == "gap" and piece.unchanged:
            if hunk:
                yield hunk
            yield [piece]
            hunk = []
        else:
            hunk.append(piece)
    if hunk:
        yield hunk


def _hunk(pieces: Sequence[Piece]) -> list[str]:
    kinds = {piece.kind for piece in pieces if piece.text.strip()}
    among = " (between asterisks)" if "equal" in kinds else ""
    if {"delete", "insert"} <= kinds:
        sides = [("Was:", "delete"), ("Now:", "insert")]
    elif "insert" in kinds:
        sides = [(f"Added{among}:", "insert")]
    elif "delete" in kinds:
        sides = [(f"Removed{among}:", "delete")]
    else:
        return [*_paragraphs("".join(_plain(piece) for piece in pieces)), ""]
    return [line for label, side in sides for line in (label, *_paragraphs(_side(pieces, side)), "")]


def _side(pieces: Sequence[Piece], side: str) -> str:
    """One side's text; its own words are between asterisks where unchanged ones surround them."""
    mixed = any(piece.kind == "equal" and piece.text.strip() for piece in pieces)
    parts = []
    for piece in pieces:
        if piece.kind == side and mixed:
            parts.append(_starred(piece.text))
        elif piece.kind in (side, "equal") or (piece.kind == "gap" and piece.side in (side, "equal")):
            parts.append(_plain(piece))
    return "".join(parts)


def _starred(text: str) -> str:
    body = text.strip()
    if not body:
        return text
    start = text.index(body[0])
    return f"{text[:start]}*{body}*{text[start + len(body) :]}"


def _plain(piece: Piece) -> str:
    if piece.kind == "key":
        return f"*{piece.text}*"
    return f" {gap_in_words(piece)} " if piece.kind == "gap" else piece.text


def _paragraphs(text: str) -> list[str]:
    return [line for paragraph in text.split("\n") for line in _wrap(paragraph.strip(), "  ")]


def _wrap(text: str, indent: str = "", first: str | None = None) -> list[str]:
    """Wrapped at 76; what is longer than a line (an address) stays whole."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
