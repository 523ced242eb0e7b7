"""`recwatch list`."""

from typing import Annotated, Any

import typer

from recwatch.cli.options import AsCsv, AsJson
from recwatch.cli.output import Column, answer, choose, counted, footer
from recwatch.cli.setup import load, reading, verb_app

app = verb_app()

_COLUMNS = (
    Column("short", "KEY", keep=True),
    Column("state", "STATUS"),
    Column("mark", "PRIO"),
    Column("changed", "CHANGED"),
    Column("whose", "AGENCY"),
    Column("about", "REPORT", share=1),
)
_AGENCY = 12  # characters; the rest of the line is the report's
_STATES = {
    "open": "open",
    "open-partially-addressed": "partly addressed",
    "closed-implemented": "implemented",
    "closed-not-implemented": "not implemented",
}


@app.command()
def list_recommendations(
    ctx: typer.Context,
    agency: Annotated[
        str | None, typer.Option(help='Only this agency\'s; "U.S." is "United States".')
    ] = None,
    product: Annotated[str | None, typer.Option(help="Only this report's: GAO-24-106148.")] = None,
    status: Annotated[
        str | None, typer.Option(help="open, open-partially-addressed, closed-implemented, …")
    ] = None,
    priority: Annotated[bool, typer.Option("--priority", help="Only priority recommendations.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print the recommendations as they are now. KEY is what `history` takes."""
    from recwatch.queries.recommendations import KEYS, Filter, listed, short_keys

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        rows = listed(connection, Filter(agency, product, status, priority))
        shorts = short_keys(connection)
    rows = [row | _for_people(row, shorts[row["key"]]) for row in rows]
    form = choose(as_json=as_json, as_csv=as_csv)
    count = answer(form, _COLUMNS, KEYS, rows)
    footer(form, f"{counted(count, 'recommendation')}; configuration {loaded.path}, home {loaded.home}")


def _for_people(row: dict[str, Any], short: str) -> dict[str, Any]:
    from workers.channels.text.common import agency_in_short, cut

    return {
        "short": short,
        "state": _STATES.get(row["status"], row["status"]) if row["present"] else "left the list",
        "mark": row["priority"],
        "changed": f"{row['changed_at'].astimezone():%Y-%m-%d}",
        "whose": cut(agency_in_short(row["agency"]) or row["agency"], _AGENCY),
        "about": row["title"],
    }
