"""`recwatch up`."""

from functools import partial

import typer

from recwatch.cli.setup import load, start_logging, verb_app, warn

app = verb_app()


@app.command()
def up(ctx: typer.Context) -> None:
    """Run the whole system in one process tree, until Ctrl-C or SIGTERM."""
    from recwatch.runtime.main_process import run

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    warn(loaded)
    run(loaded, partial(load, ctx, secrets=True))
