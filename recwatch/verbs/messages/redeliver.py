"""`recwatch redeliver`."""

from typing import Annotated

import typer

from recwatch.cli.output import note, say
from recwatch.cli.setup import load_running, verb_app
from recwatch.errors import Exit, Failure

app = verb_app()


@app.command()
def redeliver(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="Messages, as `deliveries` lists them.")
    ] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that are dead.")] = False,
) -> None:
    """Put messages back in line, under their old ids."""
    from recwatch.cli.ledger import SENT_BY, ledger
    from recwatch.cli.times import now
    from workers.delivery import ledger as ledgers

    if bool(ids) == dead:
        raise Failure("name messages, or say --dead", Exit.CONFIGURATION)
    loaded = load_running(ctx, secrets=True)
    with ledger(loaded) as context, context.store.write() as connection:
        done = ledgers.redeliver(connection, context, now(), None if dead else ids)
    for each in done.ids:
        say(each)
    if done.ids:
        note(f"{len(done.ids)} back in line; {SENT_BY}")
    elif not done.refused:
        say("nothing to put back in line")
    if done.refused:
        raise Failure("; ".join(f"{each}: {reason}" for each, reason in done.refused.items()))
