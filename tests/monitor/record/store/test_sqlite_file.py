"""An SQLite store whose file is deleted or replaced while it is open."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from monitor.record.store import sqlite_file
from monitor.record.store.schema import meta
from monitor.record.store.store import Store, StoreError
from monitor.record.store.upgrade import open_existing, open_store
from tests.fakes.processes import line, running

FILE = "recwatch.sqlite3"
# Has the store open, with a row that stands in its log alone, until it is killed.
HOLDER = """
import sys
from sqlalchemy import insert
from monitor.record.store.schema import meta
from monitor.record.store.store import Store
store = Store(f"sqlite:///{sys.argv[1]}")
with store.write() as connection:
    connection.execute(insert(meta).values(key="late", value=""))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.fixture
def here(path: Path) -> Iterator[Store]:
    """A store with the row `early` and a copy of it beside it; then `late` came, in its log alone."""
    with open_store(f"sqlite:///{path}") as store:
        put(store, "early")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM INTO ?", [str(path.with_name("copy"))])
        put(store, "late")
        yield store


def put(store: Store, key: str, *, wait: bool = True) -> None:
    with store.write(wait=wait) as connection:
        connection.execute(insert(meta).values(key=key, value=""))


def keys(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.scalars(select(meta.c.key).order_by(meta.c.key)))


def replace(path: Path) -> None:
    path.with_name("copy").replace(path)


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("wait", [True, False])
def test_a_file_that_was_deleted_is_missed_at_the_next_transaction(
    here: Store, path: Path, wait: bool
) -> None:
    """Nothing is written to what has no name any more, and no empty store is made in its place."""
    put(here, "before", wait=wait)
    path.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"the store at {path} is gone: put it back"):
            put(here, "lost", wait=wait)
    with pytest.raises(StoreError, match="is gone"):
        keys(here)
    with Store(f"sqlite:///{path}") as another, pytest.raises(StoreError, match="is gone"):
        keys(another)
    assert not path.exists()


def test_a_file_that_is_put_back_is_gone_on_with(here: Store, path: Path) -> None:
    """It is the same one, with its log: nothing of it is lost."""
    away = path.rename(path.with_name("away"))
    with pytest.raises(StoreError, match="is gone"):
        keys(here)
    away.rename(path)
    put(here, "more")
    assert keys(here) == ["early", "late", "more"]


@pytest.mark.parametrize("wait", [True, False])
def test_a_copy_in_its_place_is_used_from_the_next_transaction_on(
    here: Store, path: Path, wait: bool
) -> None:
    """One transaction says so and does nothing: what began with the old one does not end in the new one."""
    put(here, "before", wait=wait)
    replace(path)
    with capture_logs() as said, pytest.raises(StoreError, match=rf"the store at {path} was replaced"):
        put(here, "between", wait=wait)
    assert [entry["kept"] for entry in said] == [f"{path}-wal.replaced"]
    put(here, "after", wait=wait)
    assert keys(here) == ["after", "early"]
    assert here.replaced == 1
    here.close()
    assert is_sound(path)


def test_what_was_open_meanwhile_is_not_used_again(here: Store, path: Path) -> None:
    """Another thread's connection is let go when its transaction is over."""
    with here.write(wait=False) as connection:
        connection.execute(insert(meta).values(key="under way", value=""))
        replace(path)
        with pytest.raises(StoreError, match="was replaced"):
            keys(here)
        assert keys(here) == ["early"]
    put(here, "after", wait=False)
    assert keys(here) == ["after", "early"]


def test_a_newcomer_does_not_play_the_old_ones_log_into_a_copy(here: Store, path: Path) -> None:
    """It never saw the old file, others still have it open, and its log lies beside the copy."""
    replace(path)
    with open_existing(f"sqlite:///{path}") as newcomer:
        assert keys(newcomer) == ["early"]
        put(newcomer, "after")
        with pytest.raises(StoreError, match="was replaced"):
            keys(here)
        put(here, "both")
        assert keys(newcomer) == keys(here) == ["after", "both", "early"]
    here.close()
    assert is_sound(path)


def test_a_killed_stores_log_is_not_played_into_a_copy(here: Store, path: Path) -> None:
    """Nobody has it open any more, and the copy of the file alone was put in its place."""
    here.close()
    with running(HOLDER.replace('"late"', '"last"'), path) as process:
        assert line(process) == "open"
        process.kill()
        process.wait()
    assert path.with_name(f"{FILE}-wal").stat().st_size
    replace(path)
    with capture_logs() as said, open_store(f"sqlite:///{path}") as store:
        assert keys(store) == ["early"]
    assert [entry["kept"] for entry in said] == [f"{path}-wal.replaced"]
    assert is_sound(path)


@pytest.mark.parametrize("copied", [True, False])
def test_what_another_process_still_has_open_is_not_shared(here: Store, path: Path, copied: bool) -> None:
    """Its log and its shared memory lie where those of the new file will."""
    here.close()
    with running(HOLDER.replace('"late"', '"last"'), path) as process:
        assert line(process) == "open"
        replace(path) if copied else path.unlink()
        with open_store(f"sqlite:///{path}") as store:
            put(store, "new")
            assert keys(store) == (["early", "new"] if copied else ["new"])
            assert is_sound(path)
    assert path.with_name(f"{FILE}-wal.replaced").stat().st_size


def test_what_goes_between_a_look_and_the_opening_is_not_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite is told to make nothing."""
    monkeypatch.setattr(sqlite_file, "identity", lambda _: (0, 0))
    with Store(f"sqlite:///{path}") as store, pytest.raises(StoreError, match="unable to open"):
        keys(store)
    assert not path.exists()


def test_a_home_that_was_copied_as_it_was_keeps_its_log(here: Store, path: Path, tmp_path: Path) -> None:
    """What a killed process had committed moves with it."""
    home = tmp_path / "moved"
    home.mkdir()
    for each in tmp_path.glob(f"{FILE}*"):
        shutil.copy(each, home)
    assert (home / f"{FILE}-wal").stat().st_size
    with capture_logs() as said, open_store(f"sqlite:///{home / FILE}") as store:
        assert keys(store) == ["early", "late"]
    assert said == []


def test_a_store_made_anew_has_nothing_of_the_one_before(here: Store, path: Path) -> None:
    """Whoever starts anew makes one; who has the old one open turns to it."""
    path.unlink()
    with open_store(f"sqlite:///{path}") as fresh:
        put(fresh, "new")
        with pytest.raises(StoreError, match="was replaced"):
            keys(here)
        assert keys(here) == keys(fresh) == ["new"]
    here.close()
    assert is_sound(path)


def test_a_copy_that_is_still_being_written_is_left_alone(here: Store, path: Path) -> None:
    """SQLite would write into it; it is used once it is whole."""
    copy = path.with_name("copy").read_bytes()
    path.unlink()
    for size in (0, 50, 4096, len(copy) - 1):
        path.write_bytes(copy[:size])
        for store in (here, Store(f"sqlite:///{path}")):
            with pytest.raises(StoreError, match=rf"at {path} in the store's place is no whole store"):
                keys(store)
        assert path.read_bytes() == copy[:size]
    path.write_bytes(copy)
    with pytest.raises(StoreError, match="was replaced"):
        keys(here)
    assert keys(here) == ["early"]


def test_a_copy_of_another_version_is_refused_until_it_is_migrated(here: Store, path: Path) -> None:
    """Those that run write nothing into it."""
    with closing(sqlite3.connect(path.with_name("copy"))) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    replace(path)
    for _ in range(2):
        with pytest.raises(StoreError, match="no store of this version; start recwatch anew"):
            put(here, "wrong")
