"""`recwatch dispatch`."""

import typer

from recwatch.cli.setup import load, start_logging, verb_app

app = verb_app()


@app.command()
def dispatch(ctx: typer.Context) -> None:
    """Turn what is due in the store into jobs, until stopped. Any number may run."""
    from recwatch.runtime.contexts import opened
    from workers.queue.dispatcher import run

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    with opened(loaded) as (context, stop):
        run(context, stop)
