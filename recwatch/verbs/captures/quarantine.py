"""`recwatch quarantine`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.options import AsJson, JsonWithoutCommand
from recwatch.cli.output import Column, answer, choose, counted, footer, say, shown
from recwatch.cli.setup import load, reading, start_logging, verb_app
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from monitor.record.values import Page

app = verb_app(invoke_without_command=True)

_COLUMNS = (
    Column("id", "ID", right=True),
    Column("source", "SOURCE"),
    Column("captured_at", "CAPTURED"),
    Column("reason", "WHY", share=1, wrap=True),
)
_NEXT = "`recwatch quarantine show ID` says more"
_KEYS = ("id", "source", "origin", "format", "captured_at", "recorded_at", "seen", "reason", "sha256")


@app.callback()
def quarantine(
    ctx: typer.Context,
    as_json: JsonWithoutCommand = False,
) -> None:
    """Captures that were held back, and what to do with them."""
    if ctx.invoked_subcommand is None:
        _print(ctx, as_json=as_json)
    elif as_json:
        raise Failure("--json goes with list, and stands after it", Exit.CONFIGURATION)


@app.command("list")
def list_them(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List what is held back, and why."""
    _print(ctx, as_json=as_json)


def _print(ctx: typer.Context, *, as_json: bool) -> None:
    from monitor.captures.quarantine import held_captures

    loaded = load(ctx, secrets=False)
    form = choose(as_json=as_json)
    with reading(loaded) as store:
        rows = [asdict(held) for held in held_captures(store)]
    count = answer(form, _COLUMNS, _KEYS, rows)
    footer(form, f"{count} held back; {_NEXT}" if count else "nothing is held back")


@app.command()
def show(ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Print one: its origin, why it is held, what can be read out of it."""
    from monitor.captures.quarantine import held_capture, held_page

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store:
        held, page = held_capture(store, number), held_page(store, number)
    for key, value in asdict(held).items():
        if value is not None:
            say(f"{key:<12} {shown(value)}")
    say(f"{'bytes':<12} {len(page.body)}")
    _say_contents(page)
    if held.settled is None:
        say(f"\nto accept it anyway: recwatch quarantine release {number}")
        say(f"to discard it:       recwatch quarantine discard {number}")


def _say_contents(page: "Page") -> None:
    from monitor.formats import NotAPage, extract
    from workers.channels.text.common import safe

    try:
        capture = extract(page.body, content_type=page.content_type, url=page.origin)
    except NotAPage as error:
        say(f"{'read as':<12} nothing: {error}\n\nIt begins:")
        say(safe(page.body[:1000].decode("utf-8", "replace")))
        return
    say(f"{'read as':<12} {capture.format}, {counted(len(capture.recommendations), 'recommendation')}")


@app.command()
def release(ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Accept it anyway: its changes are reported like any others."""
    from monitor.captures import quarantine as quarantines
    from recwatch.cli.times import now

    loaded = load(ctx, secrets=False)
    start_logging(ctx)
    with reading(loaded) as store:
        taken = quarantines.release(store, loaded.configuration, number, now=now())
    say(f"{number} was released: {taken.outcome}, {counted(len(taken.events), 'event')}")


@app.command()
def discard(ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Discard it for good."""
    from monitor.captures import quarantine as quarantines

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store:
        quarantines.discard(store, number)
    say(f"{number} was discarded")
