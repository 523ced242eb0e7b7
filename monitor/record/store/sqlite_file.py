"""An SQLite store's file: that it is still there, and that the log beside it is its own.

SQLite looks at neither again. It goes on writing to a file that was deleted or replaced, and all of that is
lost with the last process that has it open; and the log (-wal) of the file that stood there before is played
into the copy that was put in its place, which spoils the copy. So FILE.pair says which file and which log
were last opened together.
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
    """Which file stands there. StoreError where none does."""
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
    """Make an empty one, in WAL mode, where there is none. sqlite3.Error: it cannot be made."""
    with _locked(path):
        if path.exists() and path.stat().st_size:
            return
        _set_aside(path)
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open the file, which has to be there, in WAL mode; `patience`: seconds to wait for another's lock.

    StoreError: it is gone, or what stands in its place is not whole. sqlite3.Error: it cannot be opened.
    """
    identity(path)  # first: nothing is made where nothing stands
    with _locked(path) as pair:
        file, known = identity(path), _read(pair)
        if known and known[0] != file and _log_of(path) in (None, known[1]):
            # Another file beside the same log, or none: a copy that was put there. A home that was moved or
            # copied as it was has another log, too, which is the file's own.
            _check_whole(path)
            _set_aside(path)
        where = f"file:{quote(str(path))}?mode=rw"
        connection = sqlite3.connect(where, uri=True, timeout=patience, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")  # reads, so that the log is there from here on
        except BaseException:
            connection.close()
            raise
        _write(pair, (file, _log_of(path)), known)
    return connection


_Pair = tuple[Identity, Identity | None]


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Alone with FILE.pair, its descriptor given; None where it cannot be had, which forbids nothing."""
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
    with suppress(OSError):  # a full disk: the one written before is of as much use
        os.pwrite(pair, " ".join(map(str, numbers)).ljust(99).encode() + b"\n", 0)


def _log_of(path: Path) -> Identity | None:
    with suppress(OSError):
        found = _beside(path, "-wal").stat()
        return found.st_dev, found.st_ino
    return None


def _check_whole(path: Path) -> None:
    """Opened while it is being copied, SQLite would write into it."""
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


def _set_aside(path: Path) -> None:
    """Keep the log of the file that stood here before, and let go of the memory that its users share."""
    old, kept = _beside(path, "-wal"), _beside(path, "-wal.replaced")
    with suppress(FileNotFoundError):
        if old.stat().st_size:
            log.warning(
                "the log of the store that was here before is not this one's; set aside", kept=str(kept)
            )
        old.replace(kept)
    _beside(path, "-shm").unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
