"""`recwatch test-notify SUBSCRIPTION`."""

from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import say
from recwatch.cli.setup import load, start_logging, verb_app
from recwatch.errors import Failure

if TYPE_CHECKING:
    from workers.delivery.ledger import LedgerEntry

app = verb_app()


@app.command()
def notify(
    ctx: typer.Context,
    subscription: Annotated[
        str, typer.Argument(metavar="SUBSCRIPTION", help='Its id; "operators" for theirs.')
    ],
) -> None:
    """Send a sample change, marked as a test, through the real channel."""
    from recwatch.cli.ledger import subscription_named
    from recwatch.runtime.contexts import opened
    from workers.delivery.ledger import deliveries
    from workers.delivery.sending_tests import send_test

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    chosen = subscription_named(loaded, subscription)
    with opened(loaded) as (context, stop), stop.ending():
        ids = send_test(context, chosen)
        with context.store.read() as connection:
            entries = deliveries(connection, ids=ids)
    _report(entries)


def _report(entries: "list[LedgerEntry]") -> None:
    for entry in entries:
        to = f" to {entry.recipient}" if entry.recipient else ""
        if entry.state == "sent":
            say(f"sent to {entry.subscription} by {entry.channel}{to}: {entry.id}")
    failed = [f"{entry.id}: {entry.error or 'not sent yet'}" for entry in entries if entry.state != "sent"]
    if failed:
        raise Failure("; ".join(failed))
