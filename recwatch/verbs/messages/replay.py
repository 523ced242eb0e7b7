"""`recwatch replay`."""

from typing import Annotated

import typer

from recwatch.cli.output import counted, note, say
from recwatch.cli.setup import load_running, verb_app

app = verb_app()


@app.command()
def replay(
    ctx: typer.Context,
    since: Annotated[str, typer.Option(metavar="TIME", help="30d, 2026-03-01 or 2026-03-01T12:00:00Z.")],
    subscription: Annotated[
        str | None, typer.Option(metavar="ID", help="Only to this one. Default: all.")
    ] = None,
) -> None:
    """Send past events again, as new messages that are marked as replayed."""
    from recwatch.cli.ledger import SENT_BY, ledger, subscription_named
    from recwatch.cli.times import moment, now
    from workers.delivery import ledger as ledgers

    begin = moment(since, option="--since")
    loaded = load_running(ctx, secrets=True)
    only = subscription_named(loaded, subscription) if subscription else None
    with ledger(loaded) as context, context.store.write() as connection:
        made = ledgers.replay(connection, context, begin, now(), only)
    for each in made:
        say(each)
    if made:
        note(f"{counted(len(made), 'message')} in line; {SENT_BY}")
    else:
        say("no event since then matches a subscription")
