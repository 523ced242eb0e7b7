"""`recwatch import FILE…`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from recwatch.errors import Exit, Failure
from recwatch.printing import json_line, note, say
from recwatch.running import load, start_logging, verb_app, writing

if TYPE_CHECKING:
    from monitor.intake import Intake
    from monitor.record.settings import Source
    from monitor.record.store import Store
    from monitor.record.values import Page
    from recwatch.configuration import Loaded

app = verb_app()


@app.command()
def import_captures(
    ctx: typer.Context,
    files: list[str] = typer.Argument(metavar="FILE…", help="Saved captures of one source."),  # noqa: B008
    source: str = typer.Option(metavar="ID", help="Whose captures they are."),
    captured_at: str = typer.Option(
        None,
        metavar="TIME",
        help="When the one FILE was captured. Default: its own stamp, else its file's time.",
    ),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a file."),
) -> None:
    """Backfill history from saved captures, oldest first. Nobody is told."""
    if captured_at and len(files) > 1:
        raise Failure("--captured-at goes with one FILE", Exit.CONFIGURATION)
    loaded = load(ctx, secrets=False)
    chosen = _source(loaded, source)
    pages = sorted((_page(name, captured_at) for name in files), key=lambda page: page.captured_at)
    start_logging(ctx)
    with writing(loaded) as store:
        _refuse_older(store, source, pages)
        failed = [page.origin for page in pages if not _take(loaded, store, chosen, page, as_json=as_json)]
    note("nobody is told of these; the next poll reports what changed since")
    if failed:
        raise Failure(f"held back: {', '.join(failed)}; `recwatch quarantine list` says why")


def _source(loaded: "Loaded", name: str) -> "Source":
    for source in loaded.configuration.sources:
        if source.id == name:
            return source
    known = ", ".join(source.id for source in loaded.configuration.sources)
    raise Failure(f'there is no source "{name}"; known: {known or "none"}', Exit.CONFIGURATION)


def _page(name: str, captured_at: str | None) -> "Page":
    from monitor.formats import extract
    from recwatch import pages
    from recwatch.times import moment, now

    page = pages.read_file(name)
    capture = extract(page.body)  # a file that is no page stops the import before anything is stored
    when = moment(captured_at, option="--captured-at") if captured_at else capture.stamp or page.captured_at
    if when > now():
        raise Failure(f"{name} would have been captured in the future, {when:%Y-%m-%d %H:%M}")
    return replace(page, captured_at=when)


def _refuse_older(store: "Store", source: str, pages: Sequence["Page"]) -> None:
    """History is added at its end: an older page taken in now would turn what is known back."""
    from sqlalchemy import func, select

    from monitor.record.schema import coverage

    query = select(func.max(coverage.c.last_captured_at)).where(coverage.c.source_id == source)
    with store.read() as connection:
        newest: datetime | None = connection.scalar(query)
    if newest is None:
        return
    for page in pages:
        if page.captured_at < newest:
            raise Failure(
                f"{page.origin} is of {page.captured_at:%Y-%m-%d %H:%M}, and {source} was read as late as "
                f"{newest:%Y-%m-%d %H:%M}: history is imported before the first poll, into a new home"
            )


def _take(loaded: "Loaded", store: "Store", source: "Source", page: "Page", *, as_json: bool) -> bool:
    from monitor.intake import take_in
    from monitor.record.values import Outcome
    from recwatch.times import now

    taken = take_in(store, loaded.configuration, source, page, now=now(), silent=True)
    _print(page, taken, as_json=as_json)
    return taken.outcome is not Outcome.QUARANTINED


def _print(page: "Page", taken: "Intake", *, as_json: bool) -> None:
    counts = {name: getattr(taken, name) for name in ("opened", "updated", "closed", "reopened", "vanished")}
    if as_json:
        captured = {"captured_at": page.captured_at, "outcome": str(taken.outcome), "seen": taken.seen}
        json_line({"file": page.origin, **captured, **counts, "events": list(taken.events)})
        return
    happened = "".join(f", {number} {name}" for name, number in counts.items() if number)
    message = f"; {taken.message}" if taken.message else ""
    when = f"{page.captured_at:%Y-%m-%d %H:%M}"
    say(f"{when} {page.origin}: {taken.outcome}, {taken.seen} seen{happened}{message}")
