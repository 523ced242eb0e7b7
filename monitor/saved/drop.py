"""A source's folder, or its one file: what lies there complete and was not read yet.

A file is complete when it has stood still, and read once by its name and content: a page saved
again under the same name is a new one, a program that restarts reads nothing twice.
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import select

from monitor.formats import HEAD, stamp_of
from monitor.record.bodies import pieces
from monitor.record.settings import Source
from monitor.record.store.schema import drops
from monitor.record.store.store import Store, upsert
from monitor.record.values import Page
from monitor.saved.files import body_of

_OLD_ENOUGH = timedelta(seconds=2)  # last written so long ago: complete at first sight
_STILL = timedelta(seconds=1)  # else it must look the same for so long
_UNFINISHED = (".part", ".crdownload")
_HIDDEN = (".", "~")
_BLOCK = 1024 * 1024
_UNREADABLE = "unreadable-"  # stands in place of a hash: told once, until the file can be read

log = structlog.get_logger(__name__)


class DropError(Exception):
    """The folder cannot be looked into; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """A complete file that was not read yet. `captured_at`: when its page was taken, as well as known."""

    path: Path
    size: int
    modified: int  # nanoseconds, as the file system says
    sha256: str
    captured_at: datetime

    @property
    def name(self) -> str:
        """What it is known by."""
        # A name in another encoding could neither be stored nor logged.
        return os.fsencode(self.path.name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class _Look:
    size: int
    modified: int
    since: datetime


class Drop:
    """One source's path, looked at again and again. Blocking: call it in a thread."""

    def __init__(self, source: Source, base: Path, store: Store, max_bytes: int) -> None:
        self.source_id = source.id
        self.path = base / Path(source.path).expanduser()
        self.max_bytes = max_bytes
        self.moving = False  # at the last look something was still being written
        self._store = store
        self._named_folder = source.path.endswith("/")
        self._looks: dict[str, _Look] = {}
        self._done: dict[str, tuple[int, int]] = {}
        self._done_in = store.replaced

    @property
    def is_folder(self) -> bool:
        """Whether files are saved into it rather than as it."""
        return self._named_folder or self.path.is_dir()

    @property
    def is_missing(self) -> bool:
        """Whether nothing at all is there."""
        return not self.path.exists()

    def prepare(self) -> None:
        """Make the folder if the path names one that is missing."""
        if self._named_folder:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise DropError(f"{self.path} cannot be made: {error.strerror}") from error

    def look(self, now: datetime) -> list[Found]:
        """List what is complete and new, oldest first. DropError: the folder cannot be looked into."""
        dated = [replace(one, captured_at=self._taken_at(one, now)) for one in self.unread(now)]
        return sorted(dated, key=lambda one: (one.captured_at, one.modified, one.name))

    def unread(self, now: datetime) -> list[Found]:
        """List what is complete and new, in no order and without opening it as a page."""
        if self._done_in != self._store.replaced:  # by a copy, which may not know of them
            self._done, self._done_in = {}, self._store.replaced
        fresh = [entry for entry in self._entries() if not self._is_done(entry)]
        looks = {entry.name: self._look_at(entry, now) for entry in fresh}
        still = [entry for entry in fresh if _is_still(entry, looks[entry.name], now)]
        self._looks, self.moving = looks, len(still) < len(fresh)
        found = [_hashed(entry) for entry in still]
        return self._unread([one for one in found if one is not None])

    def load(self, found: Found) -> Page | str:
        """Read a file; a sentence says why it cannot be, now or ever."""
        if found.size > self.max_bytes:
            return f"{found.path} is longer than max_bytes in [http] allows ({self.max_bytes:,} bytes)."
        try:
            body = body_of(found.path)
        except OSError as error:
            return f"{found.path} cannot be read: {error.strerror}."
        return Page(body, found.name, found.captured_at)

    def is_same(self, found: Found, page: Page) -> bool:
        """Whether the bytes are those that were looked at: else it is being written, and waits."""
        digest = sha256()
        for piece in pieces(page.body):
            digest.update(piece)
        return digest.hexdigest() == found.sha256

    def remember(self, found: Found, outcome: str, now: datetime) -> None:
        """Write down that a file was read. A kill before this reads it again, which changes nothing."""
        row = {
            "source_id": self.source_id,
            "name": found.name,
            "sha256": found.sha256,
            "read_at": now,
            "outcome": outcome,
        }
        with self._store.write() as connection:
            insert = upsert(connection)(drops).values(row)
            key = ["source_id", "name", "sha256"]
            again = {"read_at": now, "outcome": outcome}
            connection.execute(insert.on_conflict_do_update(index_elements=key, set_=again))
        self._tick_off(found)

    def _entries(self) -> list[Found]:
        entries = [_stat(path) for path in self._paths()]
        return [entry for entry in entries if entry is not None]

    def _paths(self) -> list[Path]:
        self.prepare()
        if not self.is_folder:
            return [self.path]
        try:
            with os.scandir(self.path) as listing:
                names = [entry.name for entry in listing if _is_finished(entry.name)]
        except OSError as error:
            raise DropError(f"{self.path} cannot be looked into: {error.strerror}") from error
        return [self.path / name for name in names]

    def _is_done(self, entry: Found) -> bool:
        return self._done.get(entry.name) == (entry.size, entry.modified)

    def _look_at(self, entry: Found, now: datetime) -> _Look:
        before = self._looks.get(entry.name)
        same = before is not None and (before.size, before.modified) == (entry.size, entry.modified)
        return before if before and same else _Look(entry.size, entry.modified, now)

    def _unread(self, found: list[Found]) -> list[Found]:
        if not found:
            return []
        last = self._last_read()
        for one in found:
            if last.get(one.name) == one.sha256:
                self._tick_off(one)
        return [one for one in found if last.get(one.name) != one.sha256]

    def _last_read(self) -> dict[str, str]:
        """What was read last under each name: a file that went back to old words is news."""
        query = select(drops.c.name, drops.c.sha256).where(drops.c.source_id == self.source_id)
        with self._store.read() as connection:
            return {row.name: row.sha256 for row in connection.execute(query.order_by(drops.c.read_at))}

    def _tick_off(self, found: Found) -> None:
        # A file that could not be read may be mended without another size or time: looked at again.
        if not found.sha256.startswith(_UNREADABLE):
            self._done[found.name] = (found.size, found.modified)

    def _taken_at(self, found: Found, now: datetime) -> datetime:
        """Its own "status as of" stamp, else when it was last written; never in the future."""
        written = min(found.captured_at, now)
        try:
            with found.path.open("rb") as handle:
                stamp = stamp_of(handle.read(HEAD))
        except OSError:
            return written  # whoever takes it in says what ails it
        return stamp if stamp and stamp <= now else written


def _is_still(entry: Found, look: _Look, now: datetime) -> bool:
    # Either will do: under a clock that runs behind, a finished file would look fresh for hours.
    return now - entry.captured_at >= _OLD_ENOUGH or now - look.since >= _STILL


def _hashed(entry: Found) -> Found | None:
    digest = sha256()
    try:
        with entry.path.open("rb") as handle:
            while block := handle.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError:
        return None
    except OSError:
        return replace(entry, sha256=f"{_UNREADABLE}{entry.size}-{entry.modified}")
    return replace(entry, sha256=digest.hexdigest())


def _is_finished(name: str) -> bool:
    return not name.startswith(_HIDDEN) and not name.lower().endswith(_UNFINISHED)


def _stat(path: Path) -> Found | None:
    """A regular file with something in it. Browsers put an empty one down to reserve the name."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not path.is_file() or status.st_size == 0:
        return None
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return Found(path, status.st_size, status.st_mtime_ns, "", written)
