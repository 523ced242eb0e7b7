"""`recwatch restore FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from recwatch.cli.output import counted, say
from recwatch.cli.setup import load, verb_app

app = verb_app()


@app.command()
def restore(
    ctx: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")]
) -> None:
    """Put a backup back: into a home without a store, or an empty PostgreSQL database."""
    from monitor.record.store.backup import restore_file, restore_tables
    from monitor.record.store.migrations import HEAD
    from monitor.record.store.store import Store, store_url
    from monitor.record.store.upgrade import open_store
    from recwatch.runtime.contexts import make_home

    loaded = load(ctx, secrets=False)
    loaded.require("store.url")
    make_home(loaded.home)
    url = store_url(loaded.configuration, loaded.home)
    if (target := Store(url)).is_sqlite:
        found = restore_file(file, Path(str(target.url.database)))
        open_store(url).close()  # migrated if need be
    else:
        with open_store(url) as store:
            found = restore_tables(file, store, HEAD)
    say(f"{counted(found.rows, 'row')} are back in {target.where}; `recwatch up` goes on from there")
