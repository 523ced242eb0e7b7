"""`recwatch once`."""

import typer

from recwatch.cli.setup import load, start_logging, verb_app
from recwatch.errors import Failure

app = verb_app()


@app.command()
def once(ctx: typer.Context) -> None:
    """Poll what is due, deliver everything due, stop everything. Exit status 1 on failure."""
    from recwatch.runtime import polling
    from recwatch.runtime.contexts import opened
    from workers.queue.burst import run_until_done

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    with opened(loaded) as (context, stop):
        readings = polling.once(loaded, context.store, due_only=True)
        with stop.ending():
            died = run_until_done(context)
    troubles = [f"{reading.source} was not read" for reading in readings if reading.failed]
    troubles += ["a message went dead; `recwatch deliveries --state dead` says why"] if died else []
    if troubles:
        raise Failure("; ".join(troubles))
