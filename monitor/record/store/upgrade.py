"""Creates and migrates a store, once, in whichever process comes first."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy import Connection, inspect, text

from monitor.record.store.migrations import HEAD
from monitor.record.store.store import Store, StoreError, StoreMissing

log = structlog.get_logger(__name__)

_HOW_TO_START = "run `recwatch once` or `recwatch up` first"
_LOCK_NUMBER = 7_241_904_133  # any number, the same in every version of recwatch


def open_store(url: str, backups: Path | None = None) -> Store:
    """Connect to a store, created or migrated if need be. StoreError says what is wrong and where.

    Before it is migrated it is copied into a file: in the folder `backups`, or beside SQLite's file.
    """
    store = Store(url)
    if store.is_sqlite:
        _make_folder(Path(str(store.url.database)).parent)
        store.create()
    if _version(store) != HEAD:
        with _lock(store):
            _upgrade(store, backups)
    return store


def open_existing(url: str, backups: Path | None = None) -> Store:
    """Connect to an existing store; StoreMissing where there is none."""
    store = Store(url)
    if store.is_sqlite and not Path(str(store.url.database)).exists():
        raise StoreMissing(
            f"there is no store at {store.where} yet; run `recwatch once` or `recwatch up` first"
        )
    if _version(store) is None:
        raise StoreMissing(f"the store at {store.where} is empty; {_HOW_TO_START}")
    store.close()
    return open_store(url, backups)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}") from error


def _version(store: Store) -> str | None:
    with store.read() as connection:
        return _read_version(connection)


def _read_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _back_up(store: Store, backups: Path | None, revision: str) -> None:
    """Copy the store as it is: a migration has no way back."""
    from monitor.record.store.backup import BackupError, back_up

    folder = backups or (Path(str(store.url.database)).parent if store.is_sqlite else None)
    if folder is None:
        return
    file = folder / f"before-{HEAD}-was-{revision}.backup"
    if file.exists():
        return  # of an attempt before this one, which did not get to its end
    try:
        back_up(store, file)
    except BackupError as error:
        raise StoreError(
            f"the store was not migrated, since no backup could be made first: {error}"
        ) from error
    log.info("the store was copied before it is migrated", backup=str(file), revision=revision)


def revisions() -> set[str]:
    """The revisions that this version can migrate from."""
    folder = Path(__file__).parent / "migrations" / "versions"
    return {path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py")}


@contextmanager
def _lock(store: Store) -> Iterator[None]:
    if not store.is_sqlite:
        # Held by its own connection: the migration commits step by step on another.
        with store.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK_NUMBER})"))
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK_NUMBER})"))
        return
    with Path(f"{store.url.database}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _upgrade(store: Store, backups: Path | None) -> None:
    found = _version(store)
    if found == HEAD:
        return  # another process was first
    if found is not None and found not in revisions():
        raise StoreError(
            f"the store at {store.where} was written by another version of recwatch (its revision {found} is "
            f"unknown here, where {HEAD} is the newest): run that version, or restore a backup"
        )
    if found is not None:
        _back_up(store, backups, found)
    # Importing Alembic costs a third of a second, and is needed once in a store's life.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
