"""Wires what a verb that sends needs: store, queue server, and the context of each process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.store import Store, store_url
from monitor.record.store.upgrade import open_store
from recwatch.configuration import Loaded
from recwatch.errors import Failure
from recwatch.runtime.stopping import Stop, stop_signals
from workers.context import Context, install

Make = Callable[[], Context]


@contextmanager
def served(loaded: Loaded) -> Iterator[Make]:
    """Migrate the store and start the queue server; gives what makes a context.

    A process calls it for itself, after its fork; jobs find theirs the same way.
    """
    loaded.require("store.url")
    loaded.require("queue.redis_url")
    make_home(loaded.home)
    open_store(store_url(loaded.configuration, loaded.home)).close()
    redis_url = loaded.configuration.queue.redis_url.get_secret_value()
    with queue_server(redis_url, loaded.home) as url:

        def make() -> Context:
            store = Store(store_url(loaded.configuration, loaded.home))
            return Context(loaded.configuration, loaded.home, store, Queue(url))

        install(make)
        yield make


@contextmanager
def made(make: Make) -> Iterator[Context]:
    """A context of this process; its connections are closed at the end."""
    context = make()
    try:
        yield context
    finally:
        context.queue.close()
        context.store.close()


@contextmanager
def opened(loaded: Loaded) -> Iterator[tuple[Context, Stop]]:
    """A context for this process and its stop signals. A stop interrupts neither opening nor closing.

    Interrupted half-way, either would leave the queue server running.
    """
    with stop_signals() as stop, served(loaded) as make, made(make) as context:
        yield context, stop


def make_home(home: Path) -> None:
    """Make the folder that everything is kept in; only the owner reads it: narratives, messages, locks."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"the home {home} cannot be made: {error.strerror}") from None
