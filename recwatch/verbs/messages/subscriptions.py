"""`recwatch subscriptions`."""

from typing import Annotated, Any

import typer

from recwatch.cli.options import AsJson, JsonWithoutCommand
from recwatch.cli.output import Column, answer, choose, say
from recwatch.cli.setup import load_running, verb_app
from recwatch.errors import Exit, Failure

app = verb_app(invoke_without_command=True)

_COLUMNS = (
    Column("id", "SUBSCRIPTION", keep=True),
    Column("channel", "CHANNEL"),
    Column("covers", "COVERS", right=True),
    Column("waiting", "WAITING", right=True),
    Column("dead", "DEAD", right=True),
    Column("state", "STATE", share=1),
)
_KEYS = ("id", "channel", "covers", "priority", "waiting", "sent", "dead", "cancelled", "paused_at", "reason")


@app.callback()
def subscriptions(
    ctx: typer.Context,
    as_json: JsonWithoutCommand = False,
) -> None:
    """List, pause and resume subscriptions. While paused, messages wait without ageing."""
    if ctx.invoked_subcommand is None:
        _print(ctx, as_json=as_json)
    elif as_json:
        raise Failure("--json goes with list, and stands after it", Exit.CONFIGURATION)


@app.command("list")
def list_them(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List them, with what each covers now and what waits for it."""
    _print(ctx, as_json=as_json)


@app.command()
def pause(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Hold a subscription's messages back."""
    from recwatch.cli.ledger import ledger, subscription_named
    from recwatch.cli.times import now
    from workers.delivery import ledger as ledgers

    loaded = load_running(ctx, secrets=False)
    subscription_named(loaded, name)
    with ledger(loaded) as context, context.store.write() as connection:
        changed = ledgers.pause(connection, name, now())
    say(f"{name} is paused; its messages wait" if changed else f"{name} was paused already")


@app.command()
def resume(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Let a subscription's messages go, in their order."""
    from recwatch.cli.ledger import ledger, subscription_named
    from recwatch.cli.times import now
    from workers.delivery import ledger as ledgers

    loaded = load_running(ctx, secrets=False)
    subscription_named(loaded, name)
    with ledger(loaded) as context, context.store.write() as connection:
        changed = ledgers.resume(connection, name, now())
    say(f"{name} is resumed; what waited goes out in its order" if changed else f"{name} was not paused")


def _print(ctx: typer.Context, *, as_json: bool) -> None:
    from recwatch.cli.ledger import ledger
    from workers.delivery.ledger import subscriptions_now
    from workers.messages.coverage import coverage

    loaded = load_running(ctx, secrets=False)
    with ledger(loaded) as context, context.store.read() as connection:
        states = subscriptions_now(connection, context)
        covered = coverage(connection, loaded.configuration.subscriptions)
    rows = [_row(each, covered.get(each.id)) for each in states]
    answer(choose(as_json=as_json), _COLUMNS, _KEYS, rows)


def _row(subscription: Any, covered: Any) -> dict[str, Any]:
    states = ("waiting", "sent", "dead", "cancelled")
    return {
        "id": subscription.id,
        "channel": subscription.channel,
        "covers": covered.total if covered else None,  # operators cover nothing: they get notices of trouble
        "priority": covered.priority if covered else None,
        **{state: subscription.counts.get(state, 0) for state in states},
        "paused_at": subscription.paused_at,
        "reason": subscription.reason,
        "state": f"paused: {subscription.reason}" if subscription.paused_at else "",
    }
