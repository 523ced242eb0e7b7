"""`recwatch reextract`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recwatch.cli.output import Column, answer, choose, counted, footer
from recwatch.cli.setup import load, reading, verb_app

if TYPE_CHECKING:
    from monitor.captures.reextraction import Divergence

app = verb_app()

_COLUMNS = (
    Column("capture", "CAPTURE", right=True),
    Column("captured_at", "TAKEN"),
    Column("key", "KEY", share=2, wrap=True),
    Column("field", "WHAT"),
    Column("now", "IS NOW READ AS", share=3),
)
_KEYS = ("capture", "source", "origin", "captured_at", "sha256", "key", "field", "then", "now")


@app.command()
def reextract(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="30d|DATE", help="Only captures taken since. Default: all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a difference.")] = False,
) -> None:
    """Read kept captures again; report what this version reads differently. Changes nothing."""
    from monitor.captures.reextraction import kept_captures, reread
    from recwatch.cli.times import moment

    form = choose(as_json=as_json)
    begin = moment(since, option="--since") if since else None
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store:
        with store.read() as connection:
            kept = kept_captures(connection, since=begin)
        found: list[dict[str, Any]] = []
        for one in _with_progress(kept):
            with store.read() as connection:
                found += [_row(divergence) for divergence in reread(connection, one)]
    count = answer(form, _COLUMNS, _KEYS, found)
    read = f"{counted(len(kept), 'capture was', 'captures were')} read again"
    footer(
        form, f"{read}; {counted(count, 'difference')}" if count else f"{read}; nothing is read differently"
    )


def _with_progress(kept: list[Any]) -> Any:
    """Show a progress bar, on a terminal only."""
    from rich.console import Console
    from rich.progress import track

    errors = Console(stderr=True)
    return track(kept, "reading again", console=errors, transient=True, disable=not errors.is_terminal)


def _row(divergence: "Divergence") -> dict[str, Any]:
    kept = asdict(divergence.kept)
    rest = {name: getattr(divergence, name) for name in ("key", "field", "then", "now")}
    return {name: kept[name] for name in ("capture", "source", "origin", "captured_at", "sha256")} | rest
