"""`recwatch agencies`."""

import typer

from recwatch.cli.options import AsCsv, AsJson
from recwatch.cli.output import Column, answer, choose, counted, footer
from recwatch.cli.setup import load, reading, verb_app

app = verb_app()

_COLUMNS = (
    Column("agency", "AGENCY", share=1),
    Column("open", "OPEN", right=True),
    Column("partial", "PARTLY", right=True),
    Column("priority", "PRIORITY", right=True),
    Column("closed", "CLOSED", right=True),
)


@app.command()
def agencies(
    ctx: typer.Context,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print agencies, with how many recommendations each has open, and how many of them have priority."""
    from recwatch.queries.recommendations import agencies as count_agencies

    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        rows = count_agencies(connection)
    keys = ("agency", "open", "partial", "priority", "closed")
    form = choose(as_json=as_json, as_csv=as_csv)
    footer(form, counted(answer(form, _COLUMNS, keys, rows), "agency", "agencies"))
