"""`recwatch digest SUBSCRIPTION`."""

from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import counted, note, say
from recwatch.cli.setup import load_running, verb_app
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from workers.values import Message

app = verb_app()


@app.command()
def digest(
    ctx: typer.Context,
    subscription: Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="Its id.")],
    preview: Annotated[
        bool, typer.Option("--preview", help="Only print what the next digest holds.")
    ] = False,
) -> None:
    """Make the digest now, of the changes that wait for it; a message like any other."""
    from recwatch.cli.ledger import SENT_BY, ledger, subscription_named
    from recwatch.cli.times import now
    from workers.messages.fanout import fan_out_all
    from workers.schedule import digests

    loaded = load_running(ctx, secrets=not preview)
    chosen = subscription_named(loaded, subscription)
    if chosen.digest is None:
        raise Failure(f"{subscription} has no digest: its messages go out at once", Exit.CONFIGURATION)
    with ledger(loaded) as context:
        if preview:
            with context.store.read() as connection:
                messages = digests.preview(connection, context, chosen, now())
            _preview(messages)
            return
        fan_out_all(context, now())  # what was read a moment ago belongs in it, whether workers run or not
        with context.store.write() as connection:
            made = digests.make_now(connection, context, chosen, now())
    for each in made:
        say(each)
    if made:
        note(f"the digest is in line; {SENT_BY}")
    else:
        say(f"nothing to tell {subscription} since its last digest")


def _preview(messages: "list[Message]") -> None:
    from workers.channels.text.common import by_weight, headline

    for message in messages:
        to = f" to {message.recipient}" if message.recipient else ""
        due = f", due {_slot(message.watch.slot, message.subscription.timezone)}" if message.watch else ""
        say(f"{message.subscription.id}{to}{due}: {counted(len(message.described_events), 'change')}")
        for described in by_weight(message.described_events):
            say(f"  {headline(described)}  [{described.event.id}]")
    if not any(message.described_events for message in messages):
        say("nothing to tell so far")


def _slot(slot: str, timezone: str) -> str:
    """When it is due, in the subscription's time zone: `Mon 2026-03-02 08:00 America/New_York`."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return f"{datetime.fromisoformat(slot).astimezone(ZoneInfo(timezone)):%a %Y-%m-%d %H:%M} {timezone}"
