"""`recwatch show EVENT`."""

import typer

from recwatch.printing import json_line
from recwatch.running import load, reading, verb_app

app = verb_app()


@app.command()
def show(
    ctx: typer.Context,
    event: str = typer.Argument(metavar="EVENT", help="Its id, or how that begins: evt_…"),
    as_json: bool = typer.Option(False, "--json", help="The webhook body."),
) -> None:
    """Print one event in full."""
    from recwatch.changed import one_event

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        telling = one_event(connection, event)
    if as_json:
        from workers.channels.webhook.body import event_body

        body = event_body(telling.event, telling.difference, telling.significance, subscription=None)
        json_line(body)
        return
    from recwatch.presenting import present

    present(telling)
