"""`recwatch changes`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recwatch.cli.options import AsCsv
from recwatch.cli.output import As, Column, answer, choose, counted, footer, json_line
from recwatch.cli.setup import load, reading, verb_app

if TYPE_CHECKING:
    from workers.values import DescribedEvent

app = verb_app()

_COLUMNS = (
    Column("at", "WHEN"),
    Column("what", "WHAT", share=1, wrap=True),
    Column("event_id", "EVENT", keep=True),
)
_CSV = ("at", "event_id", "type", "key", "agency", "title", "changed", "level", "signals", "what", "url")


@app.command()
def changes(
    ctx: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="30d|DATE", help="Only what changed since. Default: everything.")
    ] = None,
    agency: Annotated[str | None, typer.Option(help="Only this agency's.")] = None,
    product: Annotated[str | None, typer.Option(help="Only this report's.")] = None,
    signal: Annotated[str | None, typer.Option(help="Only with this signal: deadline_moved, …")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The webhook body of each, one a line.")] = False,
    as_csv: AsCsv = False,
) -> None:
    """Print what changed, oldest first."""
    from recwatch.cli.times import moment
    from recwatch.queries.changes import find
    from recwatch.queries.recommendations import Filter

    form = choose(as_json=as_json, as_csv=as_csv)
    begin = moment(since, option="--since") if since else None
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        described_events = find(connection, Filter(agency, product), since=begin, signal=signal)
    if form is As.JSON:
        _bodies(described_events)
        return
    count = answer(form, _COLUMNS, _CSV, [_row(described) for described in described_events])
    footer(form, f"{counted(count, 'change')}; `recwatch show EVENT` prints one in full")


def _bodies(described_events: "list[DescribedEvent]") -> None:
    from workers.channels.webhook.body import event_body

    for one in described_events:
        json_line(event_body(one, subscription=None))


def _row(described: "DescribedEvent") -> dict[str, Any]:
    from workers.channels.text.common import headline

    event, subject = described.event, described.event.subject
    return {
        "at": event.at,
        "event_id": event.id,
        "type": str(event.type),
        "key": subject.key,
        "agency": subject.agency,
        "title": subject.title,
        "changed": event.changed,
        "level": str(described.significance.level),
        "signals": [signal.kind for signal in described.significance.signals],
        "what": headline(described),
        "url": subject.url,
    }
