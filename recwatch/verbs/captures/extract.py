"""`recwatch extract FILE|URL|-`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.options import Format
from recwatch.cli.output import Column, counted, json_line, note, say, table
from recwatch.cli.setup import verb_app

if TYPE_CHECKING:
    from monitor.record.values import Capture

app = verb_app()

_COLUMNS = (
    Column("key", "KEY", keep=True),
    Column("status", "STATUS"),
    Column("mark", "PRIO"),
    Column("text", "RECOMMENDATION", share=1),
)


@app.command()
def extract(
    ctx: typer.Context,
    page: Annotated[str, typer.Argument(metavar="FILE|URL|-", help="The page; - reads standard input.")],
    format: Format = None,
    as_json: Annotated[bool, typer.Option("--json", help="One recommendation a line.")] = False,
) -> None:
    """Print what the program reads out of one page. Nothing is stored."""
    from monitor.formats import extract as read_page
    from recwatch.cli import input_pages

    wanted = input_pages.format_named(format)
    found = input_pages.read(ctx, page)
    url = found.origin if input_pages.is_address(page) else None
    capture = read_page(found.body, format=wanted, content_type=found.content_type, url=url)
    if as_json:
        for recommendation in capture.recommendations:
            json_line(asdict(recommendation))
    else:
        _print(capture)
    for remark in capture.notes:
        note(f"note: {remark}")


def _print(capture: "Capture") -> None:
    rows = [
        {"key": one.key, "status": one.status, "mark": one.priority, "text": one.text}
        for one in capture.recommendations
    ]
    if rows:
        table(_COLUMNS, rows)
    about = f" about {capture.subject}" if capture.subject else ""
    announced = f" of {capture.announced} announced" if capture.announced is not None else ""
    scope = "complete" if capture.complete else "not complete: what is missing here means nothing"
    stamp = f"; status as of {capture.stamp:%Y-%m-%d %H:%M} UTC" if capture.stamp else ""
    say(f"{counted(len(rows), 'recommendation')}{announced}; {capture.format}{about}, {scope}{stamp}")
