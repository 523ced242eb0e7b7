"""Copies a store, evidence included, into one file while everything runs, and puts it back.

The file is an SQLite database whichever database it is taken from: it needs no tool of the server's version,
it is checked in the same way, and a store can move from one database to the other through it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, func, select, text

from monitor.record.store.errors import StoreError
from monitor.record.store.schema import metadata
from monitor.record.store.store import Store

_ROWS = 500  # copied at once: one may hold a page of several megabytes
_VERSION = "alembic_version"
_EMPTY = (_VERSION, "meta")  # a new store has these


class BackupError(Exception):
    """A copy cannot be made or put back; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole copy: its revision, rows and bytes."""

    revision: str
    rows: int
    size: int


def back_up(store: Store, file: Path) -> Backup:
    """Copy the store into a new file and check it. BackupError: it exists, or cannot be written."""
    if file.exists():
        raise BackupError(f"{file} exists already; nothing was written")
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with _explained(file):
            if store.is_sqlite:
                _copy_file(Path(str(store.url.database)), part)
            else:
                _copy_tables_out(store.engine, part)
        found = check(part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return found


def check(file: Path) -> Backup:
    """Read a copy through. BackupError: it is not one, or not whole."""
    if not file.is_file():
        raise BackupError(f"{file} does not exist")
    with closing(sqlite3.connect(_read_only(file), uri=True)) as connection:
        try:
            damage = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
            revision = connection.execute(f"SELECT version_num FROM {_VERSION}").fetchone()[0]  # noqa: S608
            names = [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            rows = sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names)  # noqa: S608
        except (sqlite3.Error, TypeError) as error:
            raise BackupError(f"{file} is not a whole backup of recwatch: {error}") from error
    if damage != "ok" or dangling:
        raise BackupError(
            f"{file} is damaged: {damage if damage != 'ok' else 'rows that belong together are missing'}"
        )
    return Backup(str(revision), rows, file.stat().st_size)


def restore_file(file: Path, target: Path) -> Backup:
    """Put a copy back as SQLite's file. BackupError: there is one already, or the copy is not whole."""
    found = check(file)
    if target.exists() and target.stat().st_size:
        raise BackupError(f"there is a store at {target} already: restore into an empty home")
    part = target.with_name(f"{target.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with _explained(target):
            _copy_file(file, part)
        check(part)
        for ending in ("-wal", "-shm", ".pair"):
            target.with_name(target.name + ending).unlink(missing_ok=True)
        part.replace(target)
    except OSError as error:
        raise BackupError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return found


def restore_tables(file: Path, store: Store, revision: str) -> Backup:
    """Put a copy back into a server's tables of this revision, which must be empty."""
    found = check(file)
    if found.revision != revision:
        raise BackupError(
            f"{file} has revision {found.revision}, and this version restores {revision} into PostgreSQL: "
            "restore it with the version that wrote it"
        )
    source = create_engine(f"sqlite:///{file}")
    with _explained(file), source.connect() as old, store.write() as new:
        for table in metadata.sorted_tables:
            if table.name not in _EMPTY and new.scalar(select(func.count()).select_from(table)):
                raise BackupError(f"the store at {store.where} is not empty: restore into an empty one")
        for table in metadata.sorted_tables:
            new.execute(table.delete())
            _copy_rows(old, new, table)
            _count_on(new, table)
    source.dispose()
    return found


def _copy_file(source: Path, target: Path) -> None:
    """By SQLite's own online copy: writers go on, and the copy is of one moment."""
    with (
        closing(sqlite3.connect(_read_only(source), uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def _copy_tables_out(engine: Engine, file: Path) -> None:
    """In one snapshot. As the database has the tables: before a migration ours are others."""
    target = create_engine(f"sqlite:///{file}")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as old, target.begin() as new:
        found = MetaData()
        found.reflect(old)
        made = MetaData()
        for table in found.sorted_tables:
            columns = [column._copy() for column in table.columns]
            for column in columns:
                column.type, column.server_default = column.type.as_generic(), None
            Table(table.name, made, *columns)
        for name in set(metadata.tables) & set(made.tables):
            if set(metadata.tables[name].columns.keys()) == set(made.tables[name].columns.keys()):
                made.remove(made.tables[name])
                metadata.tables[name].to_metadata(made)
        made.create_all(new)
        for table in made.sorted_tables:
            _copy_rows(old, new, table)
    target.dispose()


def _copy_rows(old: Connection, new: Connection, target: Table) -> None:
    query = select(*target.columns)  # of the same names in both, and of types that we know
    for rows in old.execution_options(yield_per=_ROWS).execute(query).mappings().partitions(_ROWS):
        new.execute(target.insert(), [dict(row) for row in rows])


def _count_on(connection: Connection, table: Table) -> None:
    """Have PostgreSQL number new rows after those that were put back."""
    for column in table.primary_key:
        name = connection.scalar(
            text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
        )
        if name:
            highest = select(func.coalesce(func.max(column), 0) + 1)
            connection.execute(select(func.setval(name, highest.scalar_subquery(), False)))


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{file} cannot be copied: {error}") from error
    except StoreError as error:
        raise BackupError(str(error)) from error


def _read_only(file: Path) -> str:
    return f"file:{quote(str(file))}?mode=ro"
