"""What `show EVENT --evidence` prints of the bytes that an event rests on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from monitor.captures.reextraction import Derivation, Side
from monitor.intake import load_evidence
from monitor.record.bodies import pieces
from monitor.record.values import Event
from recwatch.cli.output import local, print_without_padding, say, shown
from recwatch.errors import Failure


def as_json(found: Derivation) -> dict[str, Any]:
    """The derivation as the `evidence` of `show --evidence --json`."""
    return {
        "before": _side(found.before),
        "after": _side(found.after),
        "type": found.type,
        "changed": list(found.changed),
        "agrees": found.agrees,
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    kept = side.kept
    return {
        "capture": kept.capture,
        "source": kept.source,
        "origin": kept.origin,
        "format": kept.format,
        "captured_at": kept.captured_at,
        "sha256": kept.sha256,
        "bytes": kept.size,
        "headers": kept.headers,
        "shown": side.row is not None,
        "differs": list(side.differs),
        "refused": side.refusal or None,
    }


def print_evidence(event: Event, found: Derivation) -> None:
    """Print the captures of both sides, and which event follows from them today."""
    from rich.text import Text

    print_without_padding(Text("Evidence", style="bold"))
    for label, side in (("before", found.before), ("after", found.after)):
        for place, line in enumerate(_lines(side)):
            say(f"{'' if place else label:<8}{line}")
    say(f"{'result':<8}{_verdict(event, found)}")
    say()


def _lines(side: Side | None) -> Iterator[str]:
    if side is None:
        yield "no capture: it was not known before"
        return
    kept = side.kept
    yield f"capture {kept.capture} of {kept.source}, {local(kept.captured_at)}, {kept.format or 'unknown'}"
    yield shown(kept.origin)
    size = "its bytes are no longer kept" if kept.size is None else f"{kept.size:,} bytes"
    yield f"sha256 {kept.sha256}, {size}"
    if side.refusal and kept.size is not None:
        yield f"cannot be read today: {side.refusal}"
    elif not side.refusal:
        yield _reading(side)


def _reading(side: Side) -> str:
    if side.row is None:
        return "does not show it"
    if side.differs:
        return f"read today, it differs from what was recorded in: {', '.join(side.differs)}"
    return "read today, it says what was recorded"


def _verdict(event: Event, found: Derivation) -> str:
    if found.agrees:
        return f"derived again from these bytes: {event.type}, as reported"
    if any(side and side.refusal for side in (found.before, found.after)):
        return "cannot be derived again"
    changed = f", changed: {', '.join(found.changed)}" if found.changed else ""
    what = f"{found.type}{changed}" if found.type else "no event"
    return f"derived again from these bytes: {what}; reported was {event.type}"


def save(connection: Connection, found: Derivation, folder: Path) -> None:
    """Write the kept bytes of both sides into a folder, named by capture and SHA-256."""
    for side in (found.before, found.after):
        page = load_evidence(connection, side.kept.capture) if side else None
        if side is None or page is None:
            continue
        path = folder / f"capture-{side.kept.capture}-{side.kept.sha256[:12]}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.writelines(pieces(page.body))
        except OSError as error:
            raise Failure(f"{path} cannot be written: {error.strerror}") from None
        say(f"{'saved':<8}{path}")
