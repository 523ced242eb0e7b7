"""`recwatch history KEY`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from recwatch.cli.options import AsCsv
from recwatch.cli.output import (
    As,
    Column,
    answer,
    choose,
    counted,
    csv_rows,
    json_line,
    local,
    note,
    print_without_padding,
    say,
)
from recwatch.cli.setup import load, reading, verb_app

app = verb_app()

_MATCHES = (Column("key", "KEY", keep=True), Column("status", "STATUS"), Column("title", "REPORT", share=1))
_MATCH_KEYS = ("key", "product", "kind", "number", "agency", "title", "status", "priority")
_CSV = (
    "key",
    "revision",
    "observed_at",
    "source",
    "type",
    "event_id",
    "status",
    "priority",
    "present",
    "narrative",
)


@app.command()
def history(
    ctx: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="As `list` prints it, GAO-24-106148, GAO-24-106148#4 or a gao.gov address."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One revision a line.")] = False,
    as_csv: AsCsv = False,
) -> None:
    """Print every revision of one recommendation, with the differences. Several matches are listed."""
    from recwatch.queries.changes import history as revisions_of
    from recwatch.queries.recommendations import resolve

    form = choose(as_json=as_json, as_csv=as_csv)
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        found = resolve(connection, key)
        revisions = revisions_of(connection, found[0]) if len(found) == 1 else []
    if len(found) > 1:
        _list(form, found)
    elif form is As.JSON:
        for revision in revisions:
            json_line(revision)
    elif form is As.CSV:
        csv_rows(_CSV, revisions)
    else:
        _print(found[0], revisions)


def _list(form: As, found: Sequence[Any]) -> None:
    answer(form, _MATCHES, _MATCH_KEYS, [dict(row._mapping) for row in found])
    note(f"{counted(len(found), 'recommendation')} match; name one of them by its KEY")


def _print(recommendation: Any, revisions: Sequence[dict[str, Any]]) -> None:
    from rich.text import Text

    from recwatch.cli.changes import runs_as_text
    from workers.channels.text.common import safe, status_in_words
    from workers.meaning.difference import narrative_runs

    show = print_without_padding
    show(Text(safe(f"{recommendation.title} ({recommendation.agency})"), style="bold"))
    show(Text(safe(recommendation.key)))
    show(Text(safe(recommendation.text)))
    for before, one in zip([None, *revisions], revisions, strict=False):
        say()
        state = status_in_words(one["status"]) if one["present"] else "left the list"
        priority = ", priority" if one["priority"] else ""
        head = f"{one['revision']}. {local(one['observed_at'])}  {state}{priority}  [{one['source']}]"
        show(Text(safe(head), "bold"))
        if one["event_id"]:
            show(Text.assemble((safe(one["what"]), "bold"), f"  [{one['event_id']}]"))
        if before and before["text"] != one["text"]:
            show(
                Text("Recommendation: ").append_text(
                    runs_as_text(narrative_runs(before["text"], one["text"]))
                )
            )
        show(runs_as_text(one["diff"]) if one["diff"] else Text(safe(one["narrative"])))
