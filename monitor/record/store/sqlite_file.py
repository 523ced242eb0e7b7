"""An SQLite store's file: checks that it is still there, and that the write-ahead log beside it is its own.

SQLite checks neither. It goes on writing to a file that was deleted or replaced, and all of that is lost with
the last process that has it open; and it replays the log (-wal) of the previous file into a copy that was put
in its place, which corrupts the copy. So FILE.pair records which file and which log were last opened
together.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import structlog

from monitor.record.store.errors import StoreError

log = structlog.get_logger(__name__)

Identity = tuple[int, int]  # device and inode

_HEAD = 100  # bytes of a database that say what it is
_MAGIC = b"SQLite format 3\0"


def identity(path: Path) -> Identity:
    """Device and inode of the file. StoreError where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StoreError(
            f"the store at {path} is gone: put it back, or a copy of it "
            "(recwatch makes an empty one there only when it is started anew)"
        ) from None
    except OSError as error:
        raise StoreError(f"the store at {path} cannot be used: {error.strerror}") from error
    return found.st_dev, found.st_ino


def make(path: Path) -> None:
    """Create an empty database in WAL mode where there is none. sqlite3.Error: it cannot be created."""
    with _locked(path):
        if path.exists() and path.stat().st_size:
            return
        _move_log(path)
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open an existing file in WAL mode; `patience`: seconds to wait for another connection's lock.

    StoreError: it is gone, or its replacement is incomplete. sqlite3.Error: it cannot be opened.
    """
    identity(path)  # first: connecting must not create a file
    with _locked(path) as pair:
        file, known = identity(path), _read(pair)
        if known and known[0] != file and _log_of(path) in (None, known[1]):
            # Another file beside the same log, or beside none: a copy was put there. A home that was moved or
            # copied as a whole has another log as well, which belongs to the file.
            _check_whole(path)
            _move_log(path)
        where = f"file:{quote(str(path))}?mode=rw"
        connection = sqlite3.connect(where, uri=True, timeout=patience, check_same_thread=False)
        try:
            connection.execute(
                "PRAGMA journal_mode=WAL"
            )  # reads the file, so that the log exists from here on
        except BaseException:
            connection.close()
            raise
        _write(pair, (file, _log_of(path)), known)
    return connection


_Pair = tuple[Identity, Identity | None]


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Lock FILE.pair and give its descriptor; None where it cannot be opened, which is no error."""
    try:
        handle = os.open(_beside(path, ".pair"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _read(pair: int | None) -> _Pair | None:
    with suppress(OSError, ValueError):
        numbers = [int(word) for word in (os.pread(pair, 200, 0) if pair is not None else b"").split()]
        if len(numbers) in (2, 4):
            return (numbers[0], numbers[1]), (numbers[2], numbers[3]) if numbers[2:] else None
    return None


def _write(pair: int | None, now: _Pair, before: _Pair | None) -> None:
    if pair is None or now == before:
        return
    numbers = [*now[0], *(now[1] or ())]
    with suppress(OSError):  # on a full disk the previous record serves as well
        os.pwrite(pair, " ".join(map(str, numbers)).ljust(99).encode() + b"\n", 0)


def _log_of(path: Path) -> Identity | None:
    with suppress(OSError):
        found = _beside(path, "-wal").stat()
        return found.st_dev, found.st_ino
    return None


def _check_whole(path: Path) -> None:
    """StoreError for a file that is still being copied: SQLite would write into it."""
    with path.open("rb") as file:
        head, size = file.read(_HEAD), os.fstat(file.fileno()).st_size
    page = int.from_bytes(head[16:18])
    page = 65536 if page == 1 else page
    # The number of pages counts where the two change counters agree.
    pages = int.from_bytes(head[28:32]) if head[24:28] == head[92:96] else 1
    if not head.startswith(_MAGIC) or size < page * pages:
        raise StoreError(
            f"what stands at {path} in the store's place is no whole store (yet): put a whole copy there"
        )


def _move_log(path: Path) -> None:
    """Keep the previous file's log under another name, and remove the index shared by its users."""
    old, kept = _beside(path, "-wal"), _beside(path, "-wal.replaced")
    with suppress(FileNotFoundError):
        if old.stat().st_size:
            log.warning("the previous store's log does not belong to this one; it was moved", kept=str(kept))
        old.replace(kept)
    _beside(path, "-shm").unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
