"""The command line: which verbs there are, the options before them, and how errors end.

A verb's module is imported only when the verb is called: `recwatch --help` imports none of them.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from recwatch.errors import Exit, explain

VERBS: Mapping[str, str] = {
    "init": "Write a commented starter recwatch.toml.",
    "check-config": "Check the configuration; print what is in effect and what is covered.",
    "up": "Run the whole system in one process tree, until Ctrl-C.",
    "once": "Poll what is due, deliver everything due, stop. For cron and timers.",
    "poll": "Run the poller; or, with --once or --from, one cycle of it.",
    "dispatch": "Run the loop that turns what is due into jobs.",
    "work": "Run workers.",
    "list": "The recommendations as they stand now.",
    "agencies": "Agencies, with how many recommendations each has.",
    "changes": "What changed.",
    "history": "Every revision of one recommendation, with the differences.",
    "show": "One event in full.",
    "status": "Sources, queues and messages: where everything stands.",
    "doctor": "Check everything that deliveries depend on, and say what to do.",
    "deliveries": "The ledger of messages.",
    "redeliver": "Put messages back in line under their old ids.",
    "replay": "Send past events again, as new messages.",
    "digest": "What the next digest holds; or make it now.",
    "subscriptions": "List, pause and resume subscriptions.",
    "test-notify": "Send a sample change through the real channel.",
    "match": "Say which subscriptions an event reaches, and why not the others.",
    "quarantine": "Captures that were held back, and what to do with them.",
    "reextract": "Read kept captures again; report what is now read differently.",
    "import": "Backfill history from saved captures; tells nobody.",
    "extract": "What is read out of one page; nothing is stored.",
    "diff": "Compare two captures; nothing is stored.",
    "config-schema": "Print the JSON Schema of the configuration.",
    "demo": "A scripted tour: no account and no network needed.",
}
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "configure": ("init", "check-config", "config-schema", "doctor"),
    "run": ("up", "once", "poll", "dispatch", "work", "demo"),
    "read": ("list", "agencies", "changes", "history", "show", "status"),
    "messages": (
        "deliveries",
        "redeliver",
        "replay",
        "digest",
        "subscriptions",
        "test-notify",
        "match",
    ),
    "captures": ("quarantine", "reextract", "import", "extract", "diff"),
}
_KEYWORDS = ("import", "list", "match")  # no names for a module, or not good ones


@dataclass(frozen=True, slots=True)
class Options:
    """What stands before the verb."""

    config: Path | None = None
    home: Path | None = None
    verbose: bool = False


def module_of(verb: str) -> str:
    """The module that holds a verb."""
    folder = next((folder for folder, verbs in _FOLDERS.items() if verb in verbs), "run")
    name = verb.replace("-", "_")
    return f"recwatch.verbs.{folder}.{name}_" if name in _KEYWORDS else f"recwatch.verbs.{folder}.{name}"


class Verbs(TyperGroup):
    """The verbs, imported one by one as they are called."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """All verbs, in the order of the help."""
        return list(VERBS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """Import the verb; None for a word that is none."""
        if cmd_name not in VERBS:
            return None
        command = typer.main.get_command(import_module(module_of(cmd_name)).app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs for --help from their summaries, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, VERBS[verb]) for verb in self.list_commands(ctx)])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; for a word that is none, name the nearest."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else " `recwatch --help` lists them."
            raise typer.BadParameter(f'there is no verb "{args[0]}".{hint}', ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the verb; errors become one clear message and an exit status."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # Whoever read the answer had enough of it (`recwatch list | head`): nothing failed.
            _write_nowhere()
            raise typer.Exit(Exit.DONE) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort)) or _is_usage(error):
                raise
            status = _report(error, ctx.obj)
            _give_up_what_cannot_be_written()
            raise typer.Exit(status) from None


def _write_nowhere() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give_up_what_cannot_be_written() -> None:
    """The interpreter would try once more as it ends, and make the exit status 120."""
    try:
        sys.stdout.flush()
    except OSError:
        _write_nowhere()


def _is_usage(error: Exception) -> bool:
    """Whether Typer has its own way of showing this one."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _report(error: Exception, options: Any) -> int:
    if explained := explain(error):
        message, status = explained
        sys.stderr.write(f"recwatch: {message}\n" if "\n" not in message else f"{message}\n")
        return status
    if isinstance(options, Options) and options.verbose:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
        return Exit.FAILED
    kind = type(error).__name__
    where = "`recwatch --verbose …` shows where it came from"
    sys.stderr.write(f"recwatch: unexpected {kind}: {error}; {where}\n")
    return Exit.FAILED


app = typer.Typer(
    cls=Verbs, add_completion=False, rich_markup_mode=None, no_args_is_help=True, subcommand_metavar="VERB …"
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"recwatch {version('recwatch')}")
        raise typer.Exit


@app.callback(help="Watches GAO's open recommendations and tells people what changed.")
def options(
    ctx: typer.Context,
    config: Path = typer.Option(  # noqa: B008 - Typer's way
        None,
        metavar="FILE",
        help="Default: $RECWATCH_CONFIG, else ./recwatch.toml, else the packaged one.",
    ),
    home: Path = typer.Option(  # noqa: B008
        None,
        metavar="DIR",
        help="Where everything is kept. Default: $RECWATCH_HOME, else var beside the configuration.",
    ),
    verbose: bool = typer.Option(False, "--verbose", help="Log more, and show where an error came from."),
    _show_version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Keep the options that stand before the verb."""
    ctx.obj = Options(config, home, verbose)
