"""`recwatch check-config`."""

from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import counted, note, say
from recwatch.cli.setup import load, reading, verb_app

if TYPE_CHECKING:
    from recwatch.configuration import Loaded
    from recwatch.queries.coverage import Cover

app = verb_app()


@app.command()
def check_config(
    ctx: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Only what is wrong, and how much is covered.")
    ] = False,
) -> None:
    """Check the configuration, print what is in effect, and how many recommendations are covered now."""
    loaded = load(ctx, secrets=True)
    if not quiet:
        _print(loaded)
    for warning in loaded.warnings:
        note(f"warning: {loaded.path}: {warning}")
    _cover(loaded)
    note(f"{loaded.path} is in order; home {loaded.home}")


def _print(loaded: "Loaded") -> None:
    from recwatch.configuration.masking import written_out

    say(f"# {loaded.path}, home {loaded.home}")
    say(written_out(loaded.configuration, loaded.secrets).rstrip())


def _cover(loaded: "Loaded") -> None:
    from monitor.record.store.store import StoreMissing
    from recwatch.queries.coverage import look

    try:
        with reading(loaded) as store, store.read() as connection:
            known, covers = look(connection, loaded.configuration.subscriptions)
    except StoreMissing:
        note("nothing was read yet, so what the subscriptions cover is not known")
        return
    say(f"\n# {counted(known, 'recommendation is', 'recommendations are')} open")
    for cover in covers:
        say(f"# {cover}, by {cover.channel}")
        if known and not cover.counted.total:
            note(_warning(cover))


def _warning(cover: "Cover") -> str:
    near = f"; did you mean {' or '.join(cover.nearest)}?" if cover.nearest else ""
    return f"warning: {cover.subscription} covers no recommendation now{near}"
