"""`recwatch doctor`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import json_line, note, say
from recwatch.cli.setup import load, start_logging, verb_app
from recwatch.errors import Failure

if TYPE_CHECKING:
    from recwatch.doctor.checks import Finding

app = verb_app()


@app.command()
def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a finding.")] = False,
) -> None:
    """Check configuration, store, queue server, sources (by a real fetch) and channels; say what to do."""
    from recwatch.doctor.checks import examine

    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    if as_json:
        note(f"configuration {loaded.path}, home {loaded.home}")
    else:
        say(f"configuration {loaded.path}\nhome          {loaded.home}\n")
    failed = 0
    for finding in examine(loaded):
        failed += not finding.well
        if as_json:
            json_line(asdict(finding))
        else:
            _print(finding)
    if failed:
        raise Failure("1 check failed" if failed == 1 else f"{failed} checks failed")


def _print(finding: "Finding") -> None:
    name = f" {finding.name}" if finding.name else ""
    state = "FAIL" if not finding.well else "warn" if finding.advice else "ok"
    say(f"{state:<4}  {finding.what}{name}: {finding.message}")
    if finding.advice:
        say(f"      → {finding.advice}")
