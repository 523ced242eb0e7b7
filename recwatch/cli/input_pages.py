"""Pages named on the command line: a file, an address, standard input."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.record.values import Format, Page
from recwatch.cli.times import now
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from monitor.record.settings import Settings

_LARGEST = 64 * 10**6  # bytes; a larger file is not read


def is_address(name: str) -> bool:
    """Whether it is fetched over the network."""
    return name.startswith(("https://", "http://"))


def read(ctx: typer.Context, name: str) -> Page:
    """The page of this name, telephone numbers blanked; Failure where it cannot be read."""
    from dataclasses import replace

    from monitor.formats.phones import blank_phones

    page = _fetch_page(ctx, name) if is_address(name) else read_file(name)
    return replace(page, body=blank_phones(page.body))


def read_file(name: str, most: int = _LARGEST) -> Page:
    """The page in a file, or on standard input where the name is `-`; captured when the file was written.

    Failure where it cannot be read, or is a file of more than `most` bytes.
    """
    from monitor.saved.files import body_of, read_body

    if name == "-":
        return Page(read_body(sys.stdin.buffer), "standard input", now())
    path = Path(name)
    try:
        status = path.stat()
        if status.st_size > most:
            raise Failure(f"{name} is larger than {most:,} bytes", Exit.NOT_A_PAGE)
        body = body_of(path)
    except OSError as error:
        raise Failure(f"{name} cannot be read: {error.strerror}") from None
    return Page(body, path.name, datetime.fromtimestamp(status.st_mtime, UTC))


def format_named(text: str | None) -> Format | None:
    """The format that an option names; Failure names the nearest."""
    if text is None:
        return None
    try:
        return Format(text)
    except ValueError:
        from recwatch.configuration.shape import nearest

        near = nearest(text, [str(each) for each in Format])
        hint = f'; did you mean "{near}"?' if near else f"; known: {', '.join(Format)}"
        raise Failure(f'--format: there is no format "{text}"{hint}', Exit.CONFIGURATION) from None


def _fetch_page(ctx: typer.Context, url: str) -> Page:
    import asyncio

    from recwatch.cli.setup import load, start_logging

    loaded = load(ctx, secrets=False)
    start_logging(ctx)
    ignores = any(source.robots == "ignore" and source.url == url for source in loaded.configuration.sources)
    return asyncio.run(_fetch(loaded.configuration, url, obey_robots=not ignores))


async def _fetch(settings: "Settings", url: str, *, obey_robots: bool) -> Page:
    from monitor.fetching import Asker, Refusal, Request, fetch
    from monitor.record.clock import Clock
    from monitor.record.http.outbound import client
    from monitor.record.settings import Source
    from recwatch.queries.scratch import scratch

    request = Request(url, Source.model_fields["every"].default, obey_robots=obey_robots)
    with scratch() as store:
        async with client(settings.http) as connected:
            result = await fetch(Asker(connected, store, settings.http, Clock()), request)
    if isinstance(result, Page):
        return result
    assert isinstance(result, Refusal)  # nothing was asked for conditionally
    hint = " Open it in a browser, save it, and name the file instead."
    raise Failure(f"{result.message}{hint}")
