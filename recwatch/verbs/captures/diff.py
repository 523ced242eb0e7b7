"""`recwatch diff OLD NEW`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.options import Format
from recwatch.cli.output import counted, json_line, say
from recwatch.cli.setup import verb_app

if TYPE_CHECKING:
    from workers.values import DescribedEvent

app = verb_app()


class DiffFormat(StrEnum):
    """How differences are printed."""

    TEXT = "text"
    HTML = "html"
    JSON = "json"


@app.command()
def diff(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="A file, an address, or - for standard input.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Likewise.")],
    format: Format = None,
    form: Annotated[
        DiffFormat, typer.Option("--as", help="json: the webhook body of each change.")
    ] = DiffFormat.TEXT,
) -> None:
    """Compare two captures and print what changed. Nothing is stored."""
    from recwatch.cli import input_pages
    from recwatch.queries.comparison import compare

    wanted = input_pages.format_named(format)
    described_events = compare(input_pages.read(ctx, old), input_pages.read(ctx, new), wanted)
    if form is DiffFormat.JSON:
        _json(described_events)
    elif form is DiffFormat.HTML:
        from recwatch.cli.html import document

        say(document(f"From {old} to {new}", described_events))
    else:
        _text(described_events)


def _json(described_events: "list[DescribedEvent]") -> None:
    from workers.channels.webhook.body import event_body

    for one in described_events:
        json_line(event_body(one, subscription=None))


def _text(described_events: "list[DescribedEvent]") -> None:
    from recwatch.cli.changes import print_event

    for one in described_events:
        print_event(one)
    say(counted(len(described_events), "change") if described_events else "nothing changed")
