"""Wires the poller: as a child of `up`, by itself, and for one cycle."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recwatch.runtime.imports import without_optional

with without_optional():
    import httpx  # noqa: F401 - imported here so that those below find it

from monitor.poller import CycleResult, Poller, poll_once, run
from monitor.record.ids import new_id
from monitor.record.settings import Source
from monitor.record.store.store import Store
from monitor.record.values import Page
from recwatch.configuration import Loaded
from recwatch.runtime.stopping import Stop, run_until_stopped, serve_until_stopped, stop_signals

if TYPE_CHECKING:
    from monitor.record.queue.client import Queue
    from recwatch.runtime.contexts import Make
    from recwatch.runtime.supervisor import ChildProcess
    from workers.context import Context


def make_poller(loaded: Loaded, store: Store, queue: "Queue | None", holder: str = "") -> Poller:
    """A poller over the configured sources. Without a queue, dispatchers find what is new by themselves.

    `holder`: in whose name it holds leases; empty: a name of its own.
    """

    def announce(_source: Source) -> str:
        from recwatch.queries.coverage import coverage_now, in_words

        with store.read() as connection:
            return in_words(*coverage_now(connection, loaded.configuration.subscriptions))

    return Poller(
        store,
        loaded.configuration,
        Path(),  # the paths of sources are absolute
        queue,
        heartbeat_url=loaded.configuration.operators.heartbeat_url,
        announce=announce,
        holder=holder or new_id("poller"),
    )


def poller(loaded: Loaded, make: "Make") -> "ChildProcess":
    """The poller as a child process."""
    from recwatch.runtime import children
    from recwatch.runtime.contexts import made
    from recwatch.runtime.supervisor import ChildProcess

    # The same name each time it is started: leases of a poller that was killed are its successor's.
    holder = new_id("poller")

    def serve() -> None:
        with stop_signals() as stop, made(make) as context:
            poll_until(stop, loaded, context, holder)

    return ChildProcess("poller", serve, children.POLLER)


def poll_until(stop: Stop, loaded: Loaded, context: "Context", holder: str = "") -> None:
    """Poll until a stop is asked for."""
    made = make_poller(loaded, context.store, context.queue, holder)
    serve_until_stopped(stop, lambda event: run(made, event))


def once(
    loaded: Loaded,
    store: Store,
    names: Sequence[str] = (),
    *,
    given: Page | None = None,
    due_only: bool = False,
) -> list[CycleResult]:
    """One cycle over the named sources, or all. A stop drops what is under way, and is SystemExit then."""
    gc.freeze()  # what is configured stays: the collector need not visit it again and again
    return run_until_stopped(
        poll_once(make_poller(loaded, store, None), names, given=given, due_only=due_only)
    )
