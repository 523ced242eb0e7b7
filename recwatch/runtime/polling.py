"""Wires the poller: as a part of `up`, and for one cycle."""

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recwatch.runtime.imports import lean

with lean():
    import httpx  # noqa: F401 - imported here so that those below find it

from monitor.poller import Poller, Reading, poll_once, serve
from monitor.record.ids import new_id
from monitor.record.settings import Source
from monitor.record.store.store import Store
from monitor.record.values import Page
from recwatch.configuration import Loaded

if TYPE_CHECKING:
    from monitor.record.queue.client import Queue
    from recwatch.runtime import children
    from recwatch.runtime.supervisor import Part
    from workers.context import Context


def make_poller(loaded: Loaded, store: Store, queue: "Queue | None", holder: str = "") -> Poller:
    """A poller over the configured sources. Without a queue, dispatchers find what is new by themselves.

    `holder`: whose leases it has; empty: its own.
    """

    def announce(_source: Source) -> str:
        from recwatch.queries.coverage import in_words, look

        with store.read() as connection:
            return in_words(*look(connection, loaded.configuration.subscriptions))

    return Poller(
        store,
        loaded.configuration,
        Path(),  # the paths of sources are absolute
        queue,
        heartbeat_url=loaded.configuration.operators.heartbeat_url,
        announce=announce,
        holder=holder or new_id("poller"),
    )


def poller(loaded: Loaded, make: "children.Make") -> "Part":
    """The poller that goes on."""
    from recwatch.runtime import children
    from recwatch.runtime.supervisor import Part

    # The same for all that are started one after the other: what one that was killed held is its follower's.
    holder = new_id("poller")

    def run() -> None:
        context = make()
        try:
            serve_until_stopped(loaded, context, holder)
        finally:
            children.close(context)

    return Part("poller", run, children.POLLER)


def serve_until_stopped(
    loaded: Loaded, context: "Context", holder: str = "", asked: Callable[[], bool] = lambda: False
) -> None:
    """Poll until a stop; `asked`: whether one had come before the poller listens."""
    serve(make_poller(loaded, context.store, context.queue, holder), asked)


def once(
    loaded: Loaded,
    store: Store,
    names: Sequence[str] = (),
    *,
    given: Page | None = None,
    due_only: bool = False,
) -> list[Reading]:
    """One cycle over the named sources, or all. A stop drops what is under way, and is SystemExit then."""
    from recwatch.runtime.stopping import run_until_stopped

    gc.freeze()  # what is configured stays: nobody need look through it again and again
    return run_until_stopped(
        poll_once(make_poller(loaded, store, None), names, given=given, due_only=due_only)
    )
