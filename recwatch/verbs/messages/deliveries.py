"""`recwatch deliveries`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.options import AsCsv, AsJson
from recwatch.cli.output import Column, answer, choose, counted, footer
from recwatch.cli.setup import load_running, reading, verb_app
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from workers.delivery.ledger import LedgerEntry

app = verb_app()

_COLUMNS = (
    Column("id", "MESSAGE", keep=True),
    Column("state", "STATE"),
    Column("subscription", "SUBSCRIPTION", share=1),
    Column("attempts", "TRIES", right=True),
    Column("created_at", "MADE"),
)
_KEYS = (
    "id",
    "subscription",
    "channel",
    "recipient",
    "cause",
    "cause_ref",
    "state",
    "created_at",
    "due_at",
    "sent_at",
    "attempts",
    "uncertain",
    "error",
    "events",
)


@app.command()
def deliveries(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(metavar="S", help="waiting, sent, dead or cancelled.")] = None,
    subscription: Annotated[str | None, typer.Option(metavar="ID", help="Only this subscription's.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print the ledger of messages, newest first."""
    from workers.delivery.ledger import STATES
    from workers.delivery.ledger import deliveries as entries

    if state is not None and state not in STATES:
        raise Failure(f'there is no state "{state}"; known: {", ".join(STATES)}', Exit.CONFIGURATION)
    loaded = load_running(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        found = entries(connection, state=state, subscription=subscription, limit=limit)
    form = choose(as_json=as_json, as_csv=as_csv)
    count = answer(form, _COLUMNS, _KEYS, [asdict(entry) for entry in found])
    footer(form, counted(count, "message"))
    for entry in _with_errors(found):
        footer(form, f"{entry.id}: {entry.error}")


def _with_errors(found: "list[LedgerEntry]") -> "list[LedgerEntry]":
    return [entry for entry in found if entry.error and entry.state in ("waiting", "dead")]
