"""`recwatch quarantine`."""

from typing import TYPE_CHECKING, Any

import typer
from sqlalchemy import Connection, select, update

from recwatch.errors import Exit, Failure
from recwatch.printing import Column, answer, choose, foot, say
from recwatch.running import load, reading, start_logging, verb_app

if TYPE_CHECKING:
    from monitor.record.values import Page

app = verb_app(invoke_without_command=True)

_COLUMNS = (
    Column("id", "ID", right=True),
    Column("source_id", "SOURCE"),
    Column("captured_at", "CAPTURED"),
    Column("reason", "WHY", share=1, wrap=True),
)
_KEYS = ("id", "source_id", "origin", "format", "captured_at", "recorded_at", "seen", "reason", "sha256")


@app.callback()
def quarantine(ctx: typer.Context) -> None:
    """Captures that were held back, and what to do with them."""
    if ctx.invoked_subcommand is None:
        _print(ctx, as_json=False)


@app.command("list")
def list_them(
    ctx: typer.Context, as_json: bool = typer.Option(False, "--json", help="One JSON object a line.")
) -> None:
    """List what is held back, and why."""
    _print(ctx, as_json=as_json)


def _print(ctx: typer.Context, *, as_json: bool) -> None:
    from monitor.record.schema import captures

    loaded = load(ctx, secrets=False)
    manner = choose(as_json=as_json)
    with reading(loaded) as store, store.read() as connection:
        query = select(captures).where(captures.c.held, captures.c.settled.is_(None)).order_by(captures.c.id)
        rows = [dict(row._mapping) for row in connection.execute(query)]
    count = answer(manner, _COLUMNS, _KEYS, rows)
    foot(manner, f"{count} held back" if count else "nothing is held back")


@app.command()
def show(ctx: typer.Context, number: int = typer.Argument(metavar="ID")) -> None:
    """Print what is known of one: where it is from, why it is held, what can be read out of it."""
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        row, page = _held(connection, number)
    for key in _KEYS:
        if row[key] is not None:
            say(f"{key:<12} {row[key]}")
    say(f"{'bytes':<12} {len(page.body)}")
    _say_contents(page)


def _say_contents(page: "Page") -> None:
    from monitor.formats import NotAPage, extract
    from workers.channels.common import safe

    try:
        capture = extract(page.body, content_type=page.content_type, url=page.origin)
    except NotAPage as error:
        say(f"{'read as':<12} nothing: {error}\n\nIt begins:")
        say(safe(page.body[:1000].decode("utf-8", "replace")))
        return
    say(f"{'read as':<12} {capture.format}, {len(capture.recommendations)} recommendations")


@app.command()
def release(ctx: typer.Context, number: int = typer.Argument(metavar="ID")) -> None:
    """Believe it after all: its changes are reported like any others."""
    from monitor.intake import take_in
    from recwatch.times import now

    loaded = load(ctx, secrets=False)
    start_logging(ctx)
    with reading(loaded) as store:
        with store.read() as connection:
            row, page = _held(connection, number)
        source = next((each for each in loaded.configuration.sources if each.id == row["source_id"]), None)
        if source is None:
            raise Failure(f"its source, {row['source_id']}, is no longer configured")
        taken = take_in(store, loaded.configuration, source, page, now=now(), released=True)
        if str(taken.outcome) == "quarantined":
            raise Failure(f"it cannot be believed: {taken.message}")
        with store.write() as connection:
            _settle(connection, number, "released")
    say(f"{number} was released: {taken.outcome}, {len(taken.events)} events")


@app.command()
def discard(ctx: typer.Context, number: int = typer.Argument(metavar="ID")) -> None:
    """Put it away for good."""
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.write() as connection:
        _held(connection, number)
        _settle(connection, number, "discarded")
    say(f"{number} was discarded")


def _held(connection: Connection, number: int) -> "tuple[dict[str, Any], Page]":
    from monitor.intake import load_evidence
    from monitor.record.schema import captures

    row = connection.execute(select(captures).where(captures.c.id == number)).one_or_none()
    if row is None or row.reason is None:
        raise Failure(
            f"there is no capture {number} held back; `recwatch quarantine` lists them", Exit.FAILED
        )
    if row.settled:
        raise Failure(f"capture {number} was {row.settled} already")
    page = load_evidence(connection, number)
    if page is None:
        raise Failure(f"the bytes of capture {number} are kept no longer")
    return dict(row._mapping), page


def _settle(connection: Connection, number: int, what: str) -> None:
    from monitor.record.schema import captures

    connection.execute(update(captures).where(captures.c.id == number).values(held=False, settled=what))
