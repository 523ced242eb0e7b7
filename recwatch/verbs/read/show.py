"""`recwatch show EVENT`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import json_line
from recwatch.cli.setup import load, reading, verb_app
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from monitor.captures.reextraction import Derivation
    from workers.values import DescribedEvent

app = verb_app()


@app.command()
def show(
    ctx: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Its id, or how that begins: evt_…")],
    as_json: Annotated[bool, typer.Option("--json", help="The webhook body.")] = False,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence", help="Name the kept bytes that it rests on, and derive it from them again."
        ),
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Each candidate for a claim, and what weighed for and against it.")
    ] = False,
    save: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --evidence: write those bytes into this folder.")
    ] = None,
) -> None:
    """Print one event in full."""
    from recwatch.queries.changes import one_event

    if save and not evidence:
        raise Failure("--save goes with --evidence", Exit.CONFIGURATION)
    if save and as_json:
        raise Failure("--save does not go with --json", Exit.CONFIGURATION)
    loaded = load(ctx, secrets=False)
    with reading(loaded) as store, store.read() as connection:
        described = one_event(connection, event)
        derived = None
        if evidence:
            from monitor.captures.reextraction import derive
            from recwatch.cli import evidence as proof

            derived = derive(connection, described.event)
        if as_json:
            _print_json(described, derived)
            return
        from recwatch.cli.changes import explain, print_event

        print_event(described)
        if why:
            explain(described.event)
        if derived:
            proof.print_evidence(described.event, derived)
        if derived and save:
            proof.save(connection, derived, save)


def _print_json(described: "DescribedEvent", derived: "Derivation | None") -> None:
    from recwatch.cli import evidence as proof
    from workers.channels.webhook.body import event_body

    body = event_body(described, subscription=None)
    json_line({**body, "evidence": proof.as_json(derived)} if derived else body)
