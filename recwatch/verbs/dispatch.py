"""`recwatch dispatch`."""

import typer

from recwatch.running import load, start_logging, verb_app

app = verb_app()


@app.command()
def dispatch(ctx: typer.Context) -> None:
    """Turn what is due in the store into jobs, until stopped. Any number may run."""
    from recwatch.contexts import opened
    from recwatch.parts import dispatch_until_stopped

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    with opened(loaded) as context:
        dispatch_until_stopped(context)
