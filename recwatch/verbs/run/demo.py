"""`recwatch demo`."""

import sys
import time

import typer

from recwatch.cli.setup import load, verb_app

app = verb_app()


@app.command()
def demo(ctx: typer.Context) -> None:
    """Show a change arrive in Slack, a mailbox and at a webhook: all made up, all on loopback.

    Real poller, queue server and workers; no account and no network needed. Its files are kept in the
    folder demo below the home.
    """
    from rich.console import Console

    from recwatch.demo.showing import show
    from recwatch.demo.tour import run_tour

    folder = load(ctx, secrets=False).home / "demo"
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    started = time.monotonic()
    tour = run_tour(
        folder, lambda line: console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {line}")
    )
    show(tour, console)
