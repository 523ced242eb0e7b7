"""Wires what a verb that sends needs: store, queue server, and the context of each process."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import structlog

from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.store import FILE, Store, StoreError, store_url
from monitor.record.store.upgrade import open_store
from recwatch.configuration import Loaded
from recwatch.errors import Failure
from recwatch.runtime.stopping import Stop, stop_signals
from workers.context import Context, install

Make = Callable[[], Context]

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0  # seconds between two attempts to reach the store
_PASSING = ("the database system is", "too many clients", "connection slots")

_log = structlog.get_logger()


@contextmanager
def served(loaded: Loaded) -> Iterator[Make]:
    """Migrate the store and start the queue server; gives what makes a context.

    A process calls it for itself, after its fork; jobs find theirs the same way.
    """
    loaded.require("store.url")
    loaded.require("queue.redis_url")
    make_home(loaded.home)
    with open_store(store_url(loaded.configuration, loaded.home), loaded.home) as store:
        _warn_of_another_store(loaded.home, store)
    redis_url = loaded.configuration.queue.redis_url.get_secret_value()
    with queue_server(redis_url, loaded.home) as url:

        def make() -> Context:
            store = Store(store_url(loaded.configuration, loaded.home))
            return Context(loaded.configuration, loaded.home, store, Queue(url))

        install(make)
        yield make


def wait_for_store(loaded: Loaded, stop: Stop) -> bool:
    """Wait until a database server can be reached; False at a stop. A service that gave up would stay down.

    StoreError where it answers and refuses: waiting would not help.
    """
    loaded.require("store.url")
    store = Store(store_url(loaded.configuration, loaded.home))
    wait = _FIRST_WAIT
    try:
        while not stop.is_set():
            try:
                with store.read():
                    return True
            except StoreError as error:
                if store.is_sqlite or _is_final(str(error)):
                    return True  # opening it says what is wrong, or makes it
                _log.warning("waiting for the store", error=str(error), in_seconds=wait)
            stop.wait(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
    finally:
        store.close()
    return False


def _is_final(error: str) -> bool:
    """Whether the server answered and refused for good: not while it starts, stops or is full."""
    return "FATAL" in error and not any(passing in error for passing in _PASSING)


def _warn_of_another_store(home: Path, store: Store) -> None:
    """Say that this home had another store until now: what waits there is not sent from here."""
    record = home / "store"
    before = record.read_text(encoding="utf-8").strip() if record.exists() else str(home.absolute() / FILE)
    if before != store.where:
        waiting = _waiting_in(Path(before))
        if waiting != 0:
            count = "messages may wait there" if waiting is None else f"{waiting} messages wait there"
            _log.warning(
                "this home used another store until now, from which nothing is sent any more",
                before=before,
                now=store.where,
                waiting=count,
                do="set [store] url back, or send those first",
            )
    record.write_text(f"{store.where}\n", encoding="utf-8")


def _waiting_in(path: Path) -> int | None:
    """How many messages wait in a store that is a file; None for a server, which may be gone."""
    if "://" in str(path):
        return None
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
        try:
            return int(
                connection.execute("SELECT count(*) FROM messages WHERE state = 'waiting'").fetchone()[0]
            )
        except sqlite3.Error:
            return None


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
