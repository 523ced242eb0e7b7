"""Wires what a verb that sends needs: store, queue server, and the context of each process."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.store import Store, store_url
from monitor.record.store.upgrade import open_store
from recwatch.configuration import Loaded
from recwatch.runtime.processes import STOP_SIGNALS
from workers.context import Context, install

if TYPE_CHECKING:
    from pathlib import Path


@contextmanager
def served(loaded: Loaded) -> Iterator[Callable[[], Context]]:
    """Bring the store to the present shape and the queue server up; gives what makes a context.

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
def opened(loaded: Loaded, stop: threading.Event | None = None) -> Iterator[Context]:
    """A context for this process, everything open; closed at the end, also when a stop is asked for.

    With `stop`, for who goes on until it is set: an exception is lost in a finalizer and in some imports.
    """
    with _stops(stop) as stops, served(loaded) as make:
        context = make()
        try:
            stops.heed()
            yield context
        finally:
            stops.ignore()
            context.queue.close()
            context.store.close()


class _Stops:
    """A stop that unwinds the frames only while they are whole.

    Whoever is killed half-way in or out of them leaves the queue server running.
    """

    def __init__(self, told: threading.Event | None) -> None:
        self._told = told
        self._heeded = False
        self._asked = 0

    def ask(self, number: int, _frame: FrameType | None) -> None:
        self._asked = number
        if self._heeded:
            self._unwind()

    def heed(self) -> None:
        self._heeded = True
        if self._asked:
            self._unwind()

    def ignore(self) -> None:
        self._heeded = False

    def _unwind(self) -> None:
        if self._told is not None:
            self._told.set()
            return
        raise SystemExit(128 + self._asked)


@contextmanager
def _stops(told: threading.Event | None) -> Iterator[_Stops]:
    stops = _Stops(told)
    if threading.current_thread() is not threading.main_thread():
        yield stops
        return
    handlers = {number: signal.signal(number, stops.ask) for number in STOP_SIGNALS}
    try:
        yield stops
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def make_home(home: "Path") -> None:
    """Make the folder that everything is kept in; nobody else reads it: narratives, ledgers, locks."""
    from recwatch.errors import Failure

    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"the home {home} cannot be made: {error.strerror}") from None
