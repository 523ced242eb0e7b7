"""`recwatch check-config`."""

from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.output import counted, note, say
from recwatch.cli.setup import load, reading, verb_app

if TYPE_CHECKING:
    from recwatch.configuration import Loaded
    from recwatch.queries.coverage import Covered

app = verb_app()


@app.command()
def check_config(
    ctx: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Only what is wrong, and how much is covered.")
    ] = False,
) -> None:
    """Check the configuration, print what is in effect, and how many recommendations are covered now."""
    loaded = load(ctx, secrets=True)
    if not quiet:
        _print(loaded)
    for warning in loaded.warnings:
        note(f"warning: {loaded.path}: {warning}")
    _print_coverage(loaded)
    note(f"{loaded.path} is in order; home {loaded.home}")


def _print(loaded: "Loaded") -> None:
    from recwatch.configuration.masking import written_out

    say(f"# {loaded.path}, home {loaded.home}")
    say(written_out(loaded.configuration, loaded.secrets).rstrip())


def _print_coverage(loaded: "Loaded") -> None:
    from monitor.record.store.store import StoreMissing
    from recwatch.queries.coverage import coverage_now

    try:
        with reading(loaded) as store, store.read() as connection:
            known, covered = coverage_now(connection, loaded.configuration.subscriptions)
    except StoreMissing:
        note("nothing was read yet, so it is not known what the subscriptions cover")
        return
    say(f"\n# {counted(known, 'recommendation is', 'recommendations are')} open")
    for each in covered:
        say(f"# {each}, by {each.channel}")
        if known and not each.counted.total:
            note(_warning(each))


def _warning(covered: "Covered") -> str:
    near = f"; did you mean {' or '.join(covered.nearest)}?" if covered.nearest else ""
    return f"warning: {covered.subscription} covers no recommendation now{near}"
