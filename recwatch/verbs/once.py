"""`recwatch once`."""

import typer

from recwatch.errors import Failure
from recwatch.running import load, start_logging, verb_app

app = verb_app()


@app.command()
def once(ctx: typer.Context) -> None:
    """Poll what is due, deliver everything due, stop everything. Exit status 1 on failure."""
    from recwatch import polling
    from recwatch.contexts import opened
    from workers.dispatch import run_until_done

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    with opened(loaded) as context:
        readings = polling.once(loaded, context.store, due_only=True)
        died = run_until_done(context)
    troubles = [f"{reading.source} was not read" for reading in readings if reading.failed]
    troubles += ["a message went dead; `recwatch deliveries --state dead` says why"] if died else []
    if troubles:
        raise Failure("; ".join(troubles))
