"""`recwatch backup FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from recwatch.cli.output import counted, say
from recwatch.cli.setup import load, reading, verb_app

app = verb_app()


@app.command()
def backup(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]
) -> None:
    """Copy the whole store, evidence included, into a new file, and check the copy. Everything may run."""
    from monitor.record.store.backup import back_up

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store:
        made = back_up(store, file)
    say(f"{file}: {counted(made.rows, 'row')}, {made.size:,} bytes, checked; revision {made.revision}")
