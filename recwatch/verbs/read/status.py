"""`recwatch status`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recwatch.cli.output import As, Column, choose, counted, json_line, say, table
from recwatch.cli.setup import load_running, reading, verb_app
from recwatch.cli.times import ago

if TYPE_CHECKING:
    from recwatch.configuration import Loaded

app = verb_app()

_SOURCES = (
    Column("id", "SOURCE", keep=True),
    Column("outcome", "OUTCOME"),
    Column("captured", "LAST CAPTURE"),
    Column("polled", "POLLED"),
    Column("next", "NEXT POLL"),
)
_MESSAGES = (
    Column("subscription", "SUBSCRIPTION"),
    Column("channel", "CHANNEL"),
    Column("waiting", "WAITING", right=True),
    Column("sent", "SENT", right=True),
    Column("dead", "DEAD", right=True),
    Column("cancelled", "CANCELLED", right=True),
    Column("note", ""),
)


@app.command()
def status(
    ctx: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, `what` says of what.")
    ] = False,
) -> None:
    """Print sources, queues, messages, and the oldest change that is not delivered."""
    from recwatch.queries import status

    loaded = load_running(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        sources = status.sources(connection, loaded.configuration)
        messages = status.messages(connection, loaded.configuration)
        oldest = status.oldest_waiting(connection)
        held = status.held(connection)
    queues = status.queues(loaded)
    if choose(as_json=as_json) is As.JSON:
        _json(loaded, sources, queues, messages, {"oldest_undelivered": oldest, "held_back": held})
        return
    say(f"configuration {loaded.path}\nhome          {loaded.home}\n")
    _print_sources(sources)
    _print_queues(queues)
    _print_messages(messages)
    say(f"oldest undelivered: {ago(oldest) if oldest else 'none'}")
    if held:
        say(
            f"{counted(held, 'capture is', 'captures are')} held back; "
            "`recwatch quarantine list` shows what and why"
        )


def _json(
    loaded: "Loaded",
    sources: list[dict[str, Any]],
    queues: list[dict[str, Any]],
    messages: list[dict[str, Any]],
    rest: dict[str, Any],
) -> None:
    json_line({"what": "paths", "configuration": str(loaded.path), "home": str(loaded.home)})
    for what, rows in (("source", sources), ("queue", queues), ("messages", messages)):
        for row in rows:
            json_line({"what": what, **row})
    json_line({"what": "undelivered", **rest})


def _print_sources(sources: list[dict[str, Any]]) -> None:
    rows = [
        {
            "id": one["source"],
            "outcome": one["outcome"] or "not read yet",
            "captured": ago(one["last_capture"]),
            "polled": ago(one["last_poll"]),
            "next": ago(one["next_poll"]) if one["next_poll"] else "",
        }
        for one in sources
    ]
    table(_SOURCES, rows)
    for one in sources:
        if one["message"]:
            say(f"  {one['source']}: {one['message']}")
    say()


def _print_queues(queues: list[dict[str, Any]]) -> None:
    if not queues:
        say("queue server: not running\n")
        return
    say("queues: " + ", ".join(f"{one['queue']} {one['jobs']}" for one in queues) + " jobs\n")


def _print_messages(messages: list[dict[str, Any]]) -> None:
    rows = [{**one, "note": "paused" if one["paused"] else ""} for one in messages]
    table(_MESSAGES, rows)
    say()
