"""How verbs begin: load the configuration, open the store, start the log."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from recwatch.cli.app import Options
from recwatch.runtime.imports import importing

if TYPE_CHECKING:
    from monitor.record.store.store import Store
    from recwatch.configuration import Loaded


def verb_app(**settings: bool) -> typer.Typer:
    """A Typer for one verb's module."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, **settings)  # type: ignore[arg-type]


def load(ctx: typer.Context, *, secrets: bool) -> "Loaded":
    """Load the configuration that the options name; ConfigError lists all that is wrong.

    `secrets`: for verbs that fetch or send, an unresolved reference is an error.
    """
    with importing():
        from recwatch.configuration import load as load_configuration

    options: Options = ctx.obj
    os.umask(0o077)  # whatever is made below the home is the owner's alone
    return load_configuration(options.config, options.home, secrets=secrets)


def load_running(ctx: typer.Context, *, secrets: bool) -> "Loaded":
    """Load what a running `up` has in effect, and say so where the file differs; else the file."""
    from recwatch.cli.output import note
    from recwatch.configuration import find
    from recwatch.configuration import load as load_configuration
    from recwatch.configuration.running import running_text

    options: Options = ctx.obj
    paths = find(options.config, options.home)
    text = running_text(paths.home, paths.path)
    if text is None or text == paths.path.read_bytes().decode("utf-8-sig", "replace"):
        return load(ctx, secrets=secrets)
    os.umask(0o077)
    note(f"{paths.path} was changed and is not in effect (yet): this is what `recwatch up` runs with")
    return load_configuration(options.config, options.home, secrets=secrets, text=text)


def start_logging(ctx: typer.Context) -> None:
    """Send logs to standard error."""
    with importing():
        from recwatch.runtime.logging import configure

    configure(verbose=ctx.obj.verbose)


def warn(loaded: "Loaded") -> None:
    """Log the configuration's warnings, but for [http] contact, which the poller logs itself."""
    import structlog

    from recwatch.configuration import NO_CONTACT

    for warning in loaded.warnings:
        if warning == NO_CONTACT:
            continue
        structlog.get_logger().warning(warning, configuration=str(loaded.path))


@contextmanager
def reading(loaded: "Loaded") -> Iterator["Store"]:
    """Open the existing store; StoreMissing says which was meant and how to make one."""
    from monitor.record.store.store import StoreMissing, store_url
    from monitor.record.store.upgrade import open_existing

    loaded.require("store.url")
    try:
        store = open_existing(store_url(loaded.configuration, loaded.home), loaded.home)
    except StoreMissing as error:
        raise StoreMissing(f"{error} (configuration {loaded.path}, home {loaded.home})") from None
    with store:
        yield store


@contextmanager
def writing(loaded: "Loaded") -> Iterator["Store"]:
    """Open the store, made where there is none."""
    from monitor.record.store.store import store_url
    from monitor.record.store.upgrade import open_store

    loaded.require("store.url")
    with open_store(store_url(loaded.configuration, loaded.home), loaded.home) as store:
        yield store
