"""What lies complete in a source's folder is read once, oldest first."""

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.record.settings import Source
from monitor.record.store.store import Store, StoreError
from monitor.record.values import Page
from monitor.saved.drop import Drop, DropError
from tests.fakes.pages import export, rows

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=1)


class Folder:
    """A drop folder, and a look at it each so often."""

    def __init__(self, base: Path, store: Store, path: str = "drop/") -> None:
        self.base = base
        self.store = store
        self.source = Source(id="piers", format="gao-csv", path=path)  # type: ignore[arg-type]
        self.restart()
        self.drop.prepare()

    def restart(self) -> None:
        """As another process: nothing is remembered but what the store says."""
        self.drop = Drop(self.source, self.base, self.store, max_bytes=1_000_000)

    def put(self, name: str, body: bytes = b"made up", at: datetime = LONG_AGO) -> Path:
        path = self.drop.path / name
        path.write_bytes(body)
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def names(self, now: datetime = NOON) -> list[str]:
        return [found.name for found in self.drop.scan(now)]

    def read(self, now: datetime = NOON) -> list[str]:
        found = self.drop.scan(now)
        for one in found:
            self.drop.remember(one, "changed", now)
            now += timedelta(seconds=1)
        return [one.name for one in found]


@pytest.fixture
def folder(tmp_path: Path, store: Store) -> Folder:
    return Folder(tmp_path / "config", store)


def test_a_missing_folder_is_made(folder: Folder) -> None:
    """Whoever is told to save a page there must find it."""
    assert folder.drop.path.is_dir()


def test_each_file_is_read_once(folder: Folder) -> None:
    """Also after a restart."""
    folder.put("a.csv")
    assert folder.read() == ["a.csv"]
    assert folder.read() == []
    folder.restart()
    assert folder.read() == []


def test_a_file_found_but_not_yet_read_is_found_again(folder: Folder) -> None:
    """A kill between the two costs nothing."""
    folder.put("a.csv")
    assert folder.names() == ["a.csv"]
    folder.restart()
    assert folder.names() == ["a.csv"]


def test_a_store_that_a_copy_replaced_is_asked_again(folder: Folder, store: Store, tmp_path: Path) -> None:
    """What was read since the copy was made is news to it."""
    path = Path(str(store.url.database))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM INTO ?", [str(tmp_path / "copy")])
    folder.put("a.csv")
    assert folder.read() == ["a.csv"]
    (tmp_path / "copy").replace(path)
    with pytest.raises(StoreError, match="was replaced"), store.read():
        pass
    assert folder.read() == ["a.csv"]
    assert folder.read() == []


def test_other_content_under_the_same_name_is_a_new_file(folder: Folder) -> None:
    """A page saved again over the old one, also when it went back to old words."""
    for hour, body in enumerate((b"one", b"two", b"one")):
        now = NOON + timedelta(hours=hour)
        folder.put("a.html", body, at=now - timedelta(minutes=5))
        assert folder.read(now) == ["a.html"]
        folder.restart()
        assert folder.names(now) == []


def test_a_touched_file_is_not_read_again(folder: Folder) -> None:
    """Another time on the same content is nothing new."""
    folder.put("a.csv")
    folder.read()
    folder.put("a.csv", at=NOON - timedelta(hours=1))
    assert folder.read() == []


@pytest.mark.parametrize("name", ["a.csv.part", "a.csv.crdownload", "A.CRDOWNLOAD", ".a.csv", "~a.csv"])
def test_unfinished_files_are_passed_over(folder: Folder, name: str) -> None:
    """Browsers and editors mark them by name."""
    folder.put(name)
    assert folder.names() == []


def test_a_name_in_another_encoding_is_read_like_any(folder: Folder) -> None:
    """It can be stored and logged, and holds up nobody."""
    if sys.platform == "darwin":
        pytest.skip("names that are no UTF-8: this file system has none")
    path = os.fsencode(folder.drop.path) + b"/caf\xe9.csv"
    with open(path, "wb") as handle:  # noqa: PTH123 - a path of bytes
        handle.write(b"made up")
    os.utime(path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    assert folder.read() == ["caf\\xe9.csv"]
    folder.restart()
    assert folder.read() == []


def test_an_empty_file_and_a_folder_are_passed_over(folder: Folder) -> None:
    """A browser reserves the name with the one, and puts a page's pictures into the other."""
    folder.put("a.html", b"")
    (folder.drop.path / "a_files").mkdir()
    assert folder.names() == []


def test_a_pipe_does_not_hold_the_poller_up(folder: Folder) -> None:
    """Only regular files are opened."""
    os.mkfifo(folder.drop.path / "a.csv")
    assert folder.names() == []


def test_a_file_just_written_waits_until_it_stands_still(folder: Folder) -> None:
    """Two looks a second apart must see the same."""
    folder.put("a.csv", b"ha", at=NOON)
    assert folder.names(NOON) == []
    assert folder.drop.moving
    folder.put("a.csv", b"half", at=NOON + timedelta(seconds=1))
    assert folder.names(NOON + timedelta(seconds=1)) == []
    assert folder.names(NOON + timedelta(seconds=2)) == ["a.csv"]
    assert not folder.drop.moving


def test_a_file_from_the_future_is_read_too(folder: Folder) -> None:
    """A clock that runs behind must not leave a file lying for hours; its time is then now."""
    folder.put("a.csv", at=NOON + timedelta(hours=5))
    folder.names(NOON)
    (found,) = folder.drop.scan(NOON + timedelta(seconds=2))
    assert found.captured_at == NOON + timedelta(seconds=2)


def test_files_come_oldest_first_by_their_own_stamp(folder: Folder) -> None:
    """Whatever order they were copied in; without a stamp, when they were written counts."""
    folder.put("new.csv", export(rows(2), NOON - timedelta(hours=5)), at=NOON - timedelta(days=9))
    folder.put("old.csv", export(rows(2), NOON - timedelta(days=3)), at=NOON - timedelta(days=1))
    folder.put("page.html", b"<html>no stamp</html>", at=NOON - timedelta(days=2))
    assert folder.names() == ["old.csv", "page.html", "new.csv"]
    newest = folder.drop.scan(NOON)[-1]
    assert newest.captured_at == (NOON - timedelta(hours=5)).replace(second=0)


def test_a_stamp_in_the_future_is_not_believed(folder: Folder) -> None:
    """Then the time of writing counts."""
    folder.put("a.csv", export(rows(2), NOON + timedelta(days=2)))
    assert folder.drop.scan(NOON)[0].captured_at == LONG_AGO


def test_a_file_that_is_too_long_is_named(folder: Folder) -> None:
    """And not loaded."""
    folder.put("a.csv", b"x" * 1_000_001)
    (found,) = folder.drop.scan(NOON)
    answer = folder.drop.load(found)
    assert isinstance(answer, str)
    assert "max_bytes" in answer


def test_a_file_that_cannot_be_opened_is_named_once_and_read_when_it_can(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rights may be mended, which changes neither its size nor its time."""
    folder.put("a.csv")
    with monkeypatch.context() as locked:
        # Rights would not do: a test run by root may open anything.
        locked.setattr(Path, "open", _denied)
        (found,) = folder.drop.scan(NOON)
        assert "Permission denied" in str(folder.drop.load(found))
        assert folder.read() == ["a.csv"]
        assert folder.read() == []
    assert folder.read(NOON + timedelta(hours=1)) == ["a.csv"]


def _denied(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_bytes_that_changed_since_the_look_are_noticed(folder: Folder) -> None:
    """What is taken in is what was looked at."""
    folder.put("a.csv", b"one")
    (found,) = folder.drop.scan(NOON)
    folder.put("a.csv", b"two")
    page = folder.drop.load(found)
    assert isinstance(page, Page)
    assert not folder.drop.is_same(found, page)


def test_a_path_may_be_one_file(tmp_path: Path, store: Store) -> None:
    """Read when it appears, and again when its content changes."""
    folder = Folder(tmp_path, store, path="export.csv")
    assert folder.names() == []
    assert not folder.drop.is_folder
    assert folder.drop.is_missing
    (tmp_path / "export.csv").write_bytes(b"one")
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert folder.read(later) == ["export.csv"]
    (tmp_path / "export.csv").write_bytes(b"three")
    assert folder.read(later + timedelta(minutes=1)) == ["export.csv"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, store: Store) -> None:
    """Something else has its name."""
    (tmp_path / "drop").write_text("a file")
    with pytest.raises(DropError, match="drop cannot be made"):
        Folder(tmp_path, store)
