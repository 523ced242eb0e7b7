"""`recwatch poll`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import json_line, say
from recwatch.cli.setup import load, start_logging, verb_app, writing
from recwatch.errors import Exit, Failure
from recwatch.runtime.imports import importing

if TYPE_CHECKING:
    from monitor.poller import CycleResult
    from recwatch.configuration import Loaded

app = verb_app()


@app.command()
def poll(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="One cycle now, whatever schedule and back-off, then exit.")
    ] = False,
    source: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this source; may be repeated.")
    ] = None,
    given: Annotated[
        str | None, typer.Option("--from", metavar="FILE|-", help="This capture instead of fetching.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --once or --from: one JSON line a source.")
    ] = False,
) -> None:
    """Run the poller; with --once or --from one cycle of it, exit status 1 if a source failed."""
    loaded, chosen = load(ctx, secrets=True), source or ()
    _check(loaded, chosen)
    start_logging(ctx)
    if given is not None:
        _print(_take(loaded, chosen, given), as_json=as_json)
    elif once:
        _print(_cycle(loaded, chosen), as_json=as_json)
    elif as_json:
        raise Failure("--json goes with --once or --from", Exit.CONFIGURATION)
    else:
        _serve(_only(loaded, chosen))


def _check(loaded: "Loaded", names: Sequence[str]) -> None:
    known = [source.id for source in loaded.configuration.sources]
    for name in names:
        if name not in known:
            from recwatch.configuration.shape import nearest

            near = nearest(name, known)
            hint = f'did you mean "{near}"?' if near else f"known: {', '.join(known) or 'none'}"
            raise Failure(f'there is no source "{name}"; {hint}', Exit.CONFIGURATION)


def _only(loaded: "Loaded", names: Sequence[str]) -> "Loaded":
    """The configuration with only these sources; with all, where none is named."""
    if not names:
        return loaded
    chosen = tuple(source for source in loaded.configuration.sources if source.id in names)
    return replace(loaded, configuration=loaded.configuration.model_copy(update={"sources": chosen}))


def _cycle(loaded: "Loaded", names: Sequence[str]) -> "list[CycleResult]":
    with importing():
        from recwatch.runtime import polling

    with writing(loaded) as store:
        return polling.once(loaded, store, names)


def _take(loaded: "Loaded", names: Sequence[str], given: str) -> "list[CycleResult]":
    from monitor.poller import page_of
    from recwatch.cli import input_pages
    from recwatch.runtime import polling

    known = [source.id for source in loaded.configuration.sources]
    chosen = list(names) or known
    if len(chosen) != 1:
        raise Failure(f"--from goes with one --source; known: {', '.join(known)}", Exit.CONFIGURATION)
    found = input_pages.read_file(given, loaded.configuration.http.max_bytes)
    page = page_of(found.body, found.origin, found.captured_at)
    with writing(loaded) as store:
        return polling.once(loaded, store, chosen, given=page)


def _print(readings: "list[CycleResult]", *, as_json: bool) -> None:
    for reading in readings:
        if as_json:
            json_line(reading.as_json())
        else:
            say(_in_words(reading))
    if failed := [reading.source for reading in readings if reading.failed]:
        raise Failure(f"not read: {', '.join(failed)}")


def _in_words(reading: "CycleResult") -> str:
    counts = ("opened", "updated", "closed", "reopened", "vanished")
    counted = [f"{getattr(reading, name)} {name}" for name in counts if getattr(reading, name)]
    words = ", ".join([f"{reading.seen:,} seen", *counted])
    message = f"; {reading.message}" if reading.message else ""
    return f"{reading.source}: {reading.outcome}, {words}{message}"


def _serve(loaded: "Loaded") -> None:
    from recwatch.runtime.contexts import opened
    from recwatch.runtime.polling import poll_until

    with opened(loaded) as (context, stop):
        poll_until(stop, loaded, context)
