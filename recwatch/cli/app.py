"""The command line: which verbs there are, the options before them, and how errors end.

A verb's module is imported only when the verb is called: `recwatch --help` imports none of them.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from recwatch.errors import Exit, explain


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb's module below recwatch.verbs, and its line in --help."""

    module: str
    summary: str


VERBS: Mapping[str, Verb] = {
    "init": Verb("configure.init", "Write a commented starter recwatch.toml."),
    "check-config": Verb(
        "configure.check_config", "Check the configuration; print what is in effect and what is covered."
    ),
    "up": Verb("run.up", "Run the whole system in one process tree, until Ctrl-C."),
    "once": Verb("run.once", "Poll what is due, deliver everything due, stop. For cron and timers."),
    "poll": Verb("run.poll", "Run the poller, or one cycle of it with --once or --from."),
    "dispatch": Verb("run.dispatch", "Run the loop that turns what is due into jobs."),
    "work": Verb("run.work", "Run workers."),
    "list": Verb("read.list_", "The recommendations as they are now."),
    "agencies": Verb("read.agencies", "Agencies, with how many recommendations each has."),
    "changes": Verb("read.changes", "What changed."),
    "history": Verb("read.history", "Every revision of one recommendation, with the differences."),
    "show": Verb("read.show", "One event in full."),
    "status": Verb("read.status", "Sources, queues and messages at a glance."),
    "doctor": Verb("configure.doctor", "Check everything that deliveries depend on, and say what to do."),
    "deliveries": Verb("messages.deliveries", "The ledger of messages."),
    "redeliver": Verb("messages.redeliver", "Put messages back in line under their old ids."),
    "replay": Verb("messages.replay", "Send past events again, as new messages."),
    "digest": Verb("messages.digest", "What the next digest holds; or make it now."),
    "subscriptions": Verb("messages.subscriptions", "List, pause and resume subscriptions."),
    "test-notify": Verb("messages.test_notify", "Send a sample change through the real channel."),
    "match": Verb("messages.match_", "Say which subscriptions match an event, and why the others do not."),
    "quarantine": Verb("captures.quarantine", "Captures that were held back, and what to do with them."),
    "backup": Verb("captures.backup", "Copy store and evidence into one file while everything runs."),
    "restore": Verb("captures.restore", "Put a backup back into an empty home."),
    "reextract": Verb("captures.reextract", "Read kept captures again; report what is now read differently."),
    "import": Verb("captures.import_", "Backfill history from saved captures; notifies nobody."),
    "extract": Verb("captures.extract", "Print what is read out of one page; nothing is stored."),
    "diff": Verb("captures.diff", "Compare two captures; nothing is stored."),
    "secret": Verb("configure.secret", "Print a new signing secret for a webhook."),
    "config-schema": Verb("configure.config_schema", "Print the JSON Schema of the configuration."),
    "demo": Verb("run.demo", "A scripted tour: no account and no network needed."),
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options before the verb."""

    config: Path | None = None
    home: Path | None = None
    verbose: bool = False


def module_of(verb: str) -> str:
    """The full name of a verb's module."""
    return f"recwatch.verbs.{VERBS[verb].module}"


class Verbs(TyperGroup):
    """The verbs, imported one by one as they are called."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """All verbs, in the order of the help."""
        return list(VERBS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """Import the verb; None for an unknown one."""
        if cmd_name not in VERBS:
            return None
        command = typer.main.get_command(import_module(module_of(cmd_name)).app)
        command.name = cmd_name
        return command

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """List the verbs for --help from their summaries, without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb; for an unknown one, name the nearest."""
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
            # The reader closed the pipe early (`recwatch list | head`): nothing failed.
            _discard_output()
            raise typer.Exit(Exit.DONE) from None
        except Exception as error:
            if isinstance(error, (typer.Exit, typer.Abort)) or _is_usage(error):
                raise
            status = _report(error, ctx.obj)
            _flush_or_discard()
            raise typer.Exit(status) from None


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _flush_or_discard() -> None:
    """Flush, or discard what cannot be written: at exit the interpreter would fail on it with status 120."""
    try:
        sys.stdout.flush()
    except OSError:
        _discard_output()


def _is_usage(error: Exception) -> bool:
    """Whether Typer shows this error itself."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _report(error: Exception, options: Any) -> int:
    from monitor.record.inert import inert
    from monitor.record.masking import masked

    if explained := explain(error):
        message, status = inert(masked(explained[0])), explained[1]
        sys.stderr.write(f"recwatch: {message}\n" if "\n" not in message else f"{message}\n")
        return status
    if isinstance(options, Options) and options.verbose:
        import traceback

        sys.stderr.write(inert(masked("".join(traceback.format_exception(error)))))
        return Exit.FAILED
    kind = type(error).__name__
    where = "`recwatch --verbose …` shows where it came from"
    sys.stderr.write(f"recwatch: unexpected {kind}: {inert(masked(str(error)))}; {where}\n")
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
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Default: $RECWATCH_CONFIG, else ./recwatch.toml, else the packaged one."
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where everything is kept. Default: $RECWATCH_HOME, else var beside the configuration.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log more, and show where an error came from.")
    ] = False,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep the options for the verb."""
    ctx.obj = Options(config, home, verbose)
