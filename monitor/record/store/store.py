"""The store: one engine a process, read and write transactions, wrapped errors.

SQLite below the home by default (WAL, one writer at a time, others wait), PostgreSQL by URL.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self
from weakref import WeakValueDictionary

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from monitor.record.masking import masked
from monitor.record.settings import Settings
from monitor.record.store import sqlite_file
from monitor.record.store.errors import StoreBusy, StoreError, StoreMissing
from monitor.record.store.migrations import HEAD

__all__ = ["FILE", "Store", "StoreBusy", "StoreError", "StoreMissing", "store_url", "upsert"]

_WAIT_FOR_LOCK = 30  # seconds a writer waits for another before it gives up
_COMPOSED = 500  # statements kept
FILE = "recwatch.sqlite3"


def store_url(settings: Settings, home: Path) -> str:
    """The configured address, or the SQLite file below the home."""
    return settings.store.url.get_secret_value() or f"sqlite:///{(home / FILE).absolute()}"


class Store:
    """Connections to one store. Each process opens its own: those from before a fork belong to the parent."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _inherited(url) or (_sqlite_engine(self.url) if self.is_sqlite else _server_engine(url))
        self._path = _path_of(self.url)
        self._file: sqlite_file.Identity | None = None  # the one that is open
        self.replaced = 0  # how often another file took its place, which makes caches of its contents void
        self._spare: list[Connection] = []  # at most one, for writes that do not wait
        _engines[url] = self._mine = _Made(os.getpid(), self.engine)

    @property
    def where(self) -> str:
        """The file, or the address without its password, for messages."""
        return str(self.url.database) if self.is_sqlite else masked(self.url.render_as_string())

    def create(self) -> None:
        """Create SQLite's file where there is none. StoreError: it cannot be created."""
        if self._path:
            with self._wrapped():
                sqlite_file.make(self._path)

    @contextmanager
    def write(self, *, light: bool = False, wait: bool = True) -> Iterator[Connection]:
        """One transaction that writes: committed at the end, rolled back on any error.

        Invariant 6: no network call inside; a slow receiver must not block the store. `light`: a power
        failure (but no kill) may undo it; for leases and other data that can be derived again. `wait` off:
        StoreBusy instead of waiting for another writer, nothing was written; only on SQLite.
        """
        with self._wrapped(), self._connection(wait=wait) as connection, connection.begin():
            if self.is_sqlite:
                _begin_sqlite(connection, "NORMAL" if light else "FULL", waits=wait)
            yield connection

    def _connection(self, *, wait: bool = True) -> AbstractContextManager[Connection]:
        # Before each transaction: SQLite itself would go on using a file that was deleted or replaced.
        if self._path and (found := sqlite_file.identity(self._path)) != self._file:
            self._turn_to(found)
        return self.engine.connect() if wait else self._kept()

    def _turn_to(self, file: sqlite_file.Identity) -> None:
        """Use another file from here on; StoreError once, since a task begun with the previous one ends."""
        if self._file is not None:
            self.close()
            with self.engine.connect() as connection:
                if _version(connection) != HEAD:
                    raise StoreError(
                        f"what stands at {self.where} now is no store of this version; start recwatch anew"
                    )
        self._file, before = file, self._file
        if before is not None:
            self.replaced += 1
            raise StoreError(
                f"the store at {self.where} was replaced; from here on the one there now is used"
            )

    @contextmanager
    def _kept(self) -> Iterator[Connection]:
        """A connection kept for writes that do not wait.

        Taking one from the pool and giving it back costs as much as a short transaction.
        """
        file = self._file
        try:
            connection = self._spare.pop()  # atomic: of two threads one gets it
        except IndexError:
            connection = self.engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if self._spare or self._file != file:
            connection.close()
        else:
            self._spare.append(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that reads, consistent, never waiting for a writer."""
        with self._wrapped(), self._connection() as connection, connection.begin():
            if self.is_sqlite:
                _begin_sqlite(connection)
            yield connection

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            # Its subclasses mostly mean a defect here (IntegrityError and such): those stay as they are.
            if type(error) not in (OperationalError, DatabaseError) and not error.connection_invalidated:
                raise
            raise self._trouble(error.orig) from error
        except sqlite3.DatabaseError as error:
            # Raised by the driver while a connection is prepared, or by prepared.py.
            if type(error) not in (sqlite3.OperationalError, sqlite3.DatabaseError):
                raise
            raise self._trouble(error) from error

    def _trouble(self, error: BaseException | None) -> StoreError:
        busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
        kind = StoreBusy if busy else StoreError
        return kind(f"the store at {self.where} cannot be used: {masked(_reason(error))}")

    def close(self) -> None:
        """Close all connections."""
        while self._spare:
            self._spare.pop().close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# SQLite's error names, or how they begin, and what to do about each.
_HINTS = {
    "SQLITE_FULL": "make room there; it goes on by itself",
    "SQLITE_IOERR": "see whether its disk is full or failing; it goes on by itself when that is mended",
    "SQLITE_READONLY": "the file and its folder have to be writable for whoever runs recwatch",
    "SQLITE_CANTOPEN": "its folder has to be there, and writable for whoever runs recwatch",
    "SQLITE_BUSY": f"another program has held it for {_WAIT_FOR_LOCK} s; end that one",
    "SQLITE_CORRUPT": "put a copy that was saved in its place",
    "SQLITE_NOTADB": "put a copy that was saved in its place",
}


def _reason(error: BaseException | None) -> str:
    """The database's message on one line, and what to do about it where that is known."""
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    code = getattr(error, "sqlite_errorname", "") or ""
    hint = next((hint for name, hint in _HINTS.items() if code.startswith(name)), "")
    return f"{said} ({hint})" if hint else said


@dataclass(frozen=True, eq=False)
class _Made:
    """An engine, and the process that uses it."""

    pid: int
    engine: Engine


# By address, for as long as a store refers to one.
_engines: WeakValueDictionary[str, _Made] = WeakValueDictionary()


def _inherited(url: str) -> Engine | None:
    """The engine that this process had before its fork, without its connections.

    Its compiled statements are kept: compiling them is most of a job that takes a tenth of a second.
    """
    made = _engines.get(url)
    if made is None or made.pid == os.getpid():
        return None
    made.engine.dispose(close=False)  # the connections are the parent's
    return made.engine


def _path_of(url: URL) -> Path | None:
    """SQLite's file; None for a server, or a database in memory."""
    in_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if in_file else None


def _version(connection: Connection) -> str | None:
    with suppress(OperationalError):  # no such table
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return found
    return None


def _sqlite_engine(url: URL) -> Engine:
    # A cache of compiled statements of our own, so that a worker's warm-up can fill it.
    options: dict[str, Any] = {"execution_options": {"compiled_cache": LRUCache(_COMPOSED)}}
    if path := _path_of(url):
        options["creator"] = partial(sqlite_file.connect, path, _WAIT_FOR_LOCK)
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _server_engine(url: str) -> Engine:
    # READ COMMITTED: rows are locked one by one in key order, so a later read sees what the wait was for.
    # pre_ping: a database that was restarted costs one reconnection and no error.
    engine = create_engine(url, pool_pre_ping=True, isolation_level="READ COMMITTED")
    event.listen(engine, "connect", _prepare_server)
    return engine


def _prepare_server(connection: Any, _record: ConnectionPoolEntry) -> None:
    # By its estimates it would spend half a second compiling queries that take a millisecond.
    connection.execute("SET jit = off")
    connection.commit()


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late and is deferred; ours is sent in _begin_sqlite.
    connection.isolation_level = None
    # FULL: what was committed, and then sent to people, survives a power failure too.
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    record.info.update(synchronous="FULL", waits=True)


def _begin_sqlite(connection: Connection, synchronous: str | None = None, *, waits: bool = True) -> None:
    """Begin a transaction; `synchronous`, of one that writes: how its commit waits for the disk.

    Not a listener of SQLAlchemy's: an engine that has one pays for it at every statement.
    """
    driver = connection.connection.dbapi_connection
    assert driver is not None
    known = connection.info
    if known["waits"] != waits:
        driver.execute(f"PRAGMA busy_timeout={1000 * _WAIT_FOR_LOCK if waits else 0}")
        known["waits"] = waits
    if synchronous is None:
        driver.execute("BEGIN")
        return
    # NORMAL does not wait for the disk; that makes no difference when a process is killed.
    if known["synchronous"] != synchronous:
        driver.execute(f"PRAGMA synchronous={synchronous}")
        known["synchronous"] = synchronous
    # IMMEDIATE: a transaction that will write takes its turn at the start. A deferred one that has read
    # would fail at its first write, without waiting, whenever another has written meanwhile.
    driver.execute("BEGIN IMMEDIATE")


def upsert(connection: Connection) -> Callable[..., Any]:
    """The dialect's own `insert`, which has on_conflict_do_nothing and on_conflict_do_update."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert

    return postgresql_insert
