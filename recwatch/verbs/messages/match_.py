"""`recwatch match EVENT`."""

from typing import Annotated, Any

import typer

from recwatch.cli.output import json_line, say
from recwatch.cli.setup import load_running, reading, verb_app

app = verb_app()


@app.command()
def match(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Its id, or how that begins.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a subscription.")] = False,
) -> None:
    """Say which subscriptions match an event, and why the others do not."""
    from recwatch.queries.changes import one_event
    from workers.channels.text.common import headline
    from workers.messages.routing import matches

    loaded = load_running(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        described = one_event(connection, event)
    rows: list[dict[str, Any]] = []
    for each in loaded.configuration.subscriptions:
        verdict = matches(each.match, described.event, described.significance, described.difference)
        rows.append({"subscription": each.id, "matched": verdict.matched, "reasons": list(verdict.reasons)})
    if as_json:
        for row in rows:
            json_line(row)
        return
    say(headline(described))
    for row in rows:
        why = "matches" if row["matched"] else f"does not match: {'; '.join(row['reasons'])}"
        say(f"  {row['subscription']} {why}")
