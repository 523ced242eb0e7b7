"""`recwatch import FILE…`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import json_line, local, note, say
from recwatch.cli.setup import load, start_logging, verb_app, writing
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from monitor.captures.importing import Saved
    from monitor.intake import Intake
    from monitor.record.settings import Source
    from monitor.record.store.store import Store
    from recwatch.configuration import Loaded

app = verb_app()


@app.command()
def import_captures(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Saved captures of one source.")],
    source: Annotated[str, typer.Option(metavar="ID", help="Whose captures they are.")],
    captured_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When the one FILE was captured. Default: its own stamp, else its file's time.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
) -> None:
    """Backfill history from saved captures, oldest first. Notifies nobody."""
    from monitor.captures.importing import in_order
    from recwatch.cli.times import moment, now

    if captured_at and len(files) > 1:
        raise Failure("--captured-at goes with one FILE", Exit.CONFIGURATION)
    given = moment(captured_at, option="--captured-at") if captured_at else None
    loaded = load(ctx, secrets=False)
    chosen = _source(loaded, source)
    try:
        saved = in_order([Path(name) for name in files], given)
    except OSError as error:
        raise Failure(f"{error.filename} cannot be read: {error.strerror}") from None
    if saved[-1].captured_at > now():
        raise Failure(f"{saved[-1].path} has a time of capture in the future")
    start_logging(ctx)
    with writing(loaded) as store:
        for one in saved:
            _refuse_older(store, source, one)
        held = [one.path.name for one in saved if not _take(loaded, store, chosen, one, as_json=as_json)]
    note("nobody is notified of these; the next poll reports what changed since")
    if held:
        raise Failure(f"held back: {', '.join(held)}; `recwatch quarantine list` says why")


def _source(loaded: "Loaded", name: str) -> "Source":
    for source in loaded.configuration.sources:
        if source.id == name:
            return source
    known = ", ".join(source.id for source in loaded.configuration.sources)
    raise Failure(f'there is no source "{name}"; known: {known or "none"}', Exit.CONFIGURATION)


def _refuse_older(store: "Store", source: str, saved: "Saved") -> None:
    """Refuse a capture older than the last one: it would undo what newer ones recorded."""
    from sqlalchemy import select

    from monitor.record.store.schema import coverage

    query = select(coverage.c.last_captured_at).where(
        coverage.c.source_id == source,
        coverage.c.format == saved.format,
        coverage.c.subject == saved.subject,
    )
    with store.read() as connection:
        newest: datetime | None = connection.scalar(query)
    if newest is not None and saved.captured_at < newest:
        raise Failure(
            f"{saved.path} was captured {local(saved.captured_at)}, and {source} was last read "
            f"{local(newest)}: history is imported before the first poll, or into a new home"
        )


def _take(loaded: "Loaded", store: "Store", source: "Source", saved: "Saved", *, as_json: bool) -> bool:
    from monitor.captures.importing import import_saved
    from monitor.record.values import Outcome
    from recwatch.cli.times import now

    taken = import_saved(store, loaded.configuration, source, saved, now=now())
    _print(saved, taken, as_json=as_json)
    return taken.outcome is not Outcome.QUARANTINED


def _print(saved: "Saved", taken: "Intake", *, as_json: bool) -> None:
    counts = {name: getattr(taken, name) for name in ("opened", "updated", "closed", "reopened", "vanished")}
    if as_json:
        captured = {"captured_at": saved.captured_at, "outcome": str(taken.outcome), "seen": taken.seen}
        json_line({"file": saved.path.name, **captured, **counts, "events": list(taken.events)})
        return
    happened = "".join(f", {number} {name}" for name, number in counts.items() if number)
    message = f"; {taken.message}" if taken.message else ""
    say(
        f"{local(saved.captured_at)} {saved.path.name}: {taken.outcome}, {taken.seen} seen{happened}{message}"
    )
