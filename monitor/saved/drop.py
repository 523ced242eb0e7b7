"""A source's folder, or its one file: which files there are complete and not read yet.

A file is complete when it has not changed for a while, and it is read once by its name and content: a page
that is saved again under the same name is a new one, and a restart reads nothing twice.
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

_OLD_ENOUGH = timedelta(seconds=2)  # last written so long ago: complete at the first scan
_UNCHANGED = timedelta(seconds=1)  # else it must not change for so long
_UNFINISHED = (".part", ".crdownload")
_HIDDEN = (".", "~")
_BLOCK = 1024 * 1024
_UNREADABLE = "unreadable-"  # in place of a hash: reported once, until the file can be read

log = structlog.get_logger(__name__)


class DropError(Exception):
    """The folder cannot be listed; the message says which and why."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was not read yet. `captured_at`: when its page was captured, as far as is known."""

    path: Path
    size: int
    modified: int  # nanoseconds, as the file system says
    sha256: str
    captured_at: datetime

    @property
    def name(self) -> str:
        """Its name as it is stored."""
        # A name in another encoding could neither be stored nor logged.
        return os.fsencode(self.path.name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class _Unchanged:
    size: int
    modified: int
    since: datetime


class Drop:
    """One source's path, scanned again and again. Blocking: call it in a thread."""

    def __init__(self, source: Source, base: Path, store: Store, max_bytes: int) -> None:
        self.source_id = source.id
        self.path = base / Path(source.path).expanduser()
        self.max_bytes = max_bytes
        self.moving = False  # at the last scan something was still being written
        self._store = store
        self._named_folder = source.path.endswith("/")
        self._seen: dict[str, _Unchanged] = {}
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

    def scan(self, now: datetime) -> list[NewFile]:
        """List what is complete and new, oldest first. DropError: the folder cannot be listed."""
        dated = [replace(one, captured_at=self._taken_at(one, now)) for one in self.unread(now)]
        return sorted(dated, key=lambda one: (one.captured_at, one.modified, one.name))

    def unread(self, now: datetime) -> list[NewFile]:
        """List what is complete and new, in no order and without opening it as a page."""
        if self._done_in != self._store.replaced:  # a restored copy may not know of them
            self._done, self._done_in = {}, self._store.replaced
        fresh = [entry for entry in self._entries() if not self._is_done(entry)]
        seen = {entry.name: self._last_change(entry, now) for entry in fresh}
        still = [entry for entry in fresh if _is_complete(entry, seen[entry.name], now)]
        self._seen, self.moving = seen, len(still) < len(fresh)
        found = [_hashed(entry) for entry in still]
        return self._unread([one for one in found if one is not None])

    def load(self, found: NewFile) -> Page | str:
        """Read a file; a sentence where it cannot be read."""
        if found.size > self.max_bytes:
            return f"{found.path} is longer than max_bytes in [http] allows ({self.max_bytes:,} bytes)."
        try:
            body = body_of(found.path)
        except OSError as error:
            return f"{found.path} cannot be read: {error.strerror}."
        return Page(body, found.name, found.captured_at)

    def is_same(self, found: NewFile, page: Page) -> bool:
        """Whether the bytes are those that were scanned: else the file is being written, and waits."""
        digest = sha256()
        for piece in pieces(page.body):
            digest.update(piece)
        return digest.hexdigest() == found.sha256

    def remember(self, found: NewFile, outcome: str, now: datetime) -> None:
        """Record that a file was read. After a kill before this it is read again, which changes nothing."""
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

    def _entries(self) -> list[NewFile]:
        entries = [_stat(path) for path in self._paths()]
        return [entry for entry in entries if entry is not None]

    def _paths(self) -> list[Path]:
        self.prepare()
        if not self.is_folder:
            return [self.path]
        try:
            with os.scandir(self.path) as listing:
                names = [
                    entry.name for entry in listing if _is_finished(entry.name) and self._is_inside(entry)
                ]
        except OSError as error:
            raise DropError(f"{self.path} cannot be listed: {error.strerror}") from error
        return [self.path / name for name in names]

    def _is_inside(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a file of this folder: a link out of it would publish what only we may read."""
        return not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(self.path.resolve())

    def _is_done(self, entry: NewFile) -> bool:
        return self._done.get(entry.name) == (entry.size, entry.modified)

    def _last_change(self, entry: NewFile, now: datetime) -> _Unchanged:
        before = self._seen.get(entry.name)
        same = before is not None and (before.size, before.modified) == (entry.size, entry.modified)
        return before if before and same else _Unchanged(entry.size, entry.modified, now)

    def _unread(self, found: list[NewFile]) -> list[NewFile]:
        if not found:
            return []
        last = self._last_read()
        for one in found:
            if last.get(one.name) == one.sha256:
                self._tick_off(one)
        return [one for one in found if last.get(one.name) != one.sha256]

    def _last_read(self) -> dict[str, str]:
        """What was read last under each name: a file that goes back to earlier bytes is new."""
        query = select(drops.c.name, drops.c.sha256).where(drops.c.source_id == self.source_id)
        with self._store.read() as connection:
            return {row.name: row.sha256 for row in connection.execute(query.order_by(drops.c.read_at))}

    def _tick_off(self, found: NewFile) -> None:
        # A file that could not be read may be repaired without another size or time: it is tried again.
        if not found.sha256.startswith(_UNREADABLE):
            self._done[found.name] = (found.size, found.modified)

    def _taken_at(self, found: NewFile, now: datetime) -> datetime:
        """Its own "status as of" stamp, else when it was last written; never in the future."""
        written = min(found.captured_at, now)
        try:
            with found.path.open("rb") as handle:
                stamp = stamp_of(handle.read(HEAD))
        except OSError:
            return written  # reading it reports what is wrong
        return stamp if stamp and stamp <= now else written


def _is_complete(entry: NewFile, seen: _Unchanged, now: datetime) -> bool:
    # Either will do: under a clock that runs behind, a complete file would look new for hours.
    return now - entry.captured_at >= _OLD_ENOUGH or now - seen.since >= _UNCHANGED


def _hashed(entry: NewFile) -> NewFile | None:
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


def _stat(path: Path) -> NewFile | None:
    """A regular file that is not empty: browsers create an empty one to reserve the name."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not path.is_file() or status.st_size == 0:
        return None
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return NewFile(path, status.st_size, status.st_mtime_ns, "", written)
