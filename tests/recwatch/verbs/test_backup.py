"""`backup` and `restore`: a whole, checked copy while everything runs, and back again."""

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import func, select

from monitor.record.store import backup as backups
from monitor.record.store import upgrade
from monitor.record.store.backup import BackupError, check
from monitor.record.store.schema import events, evidence, metadata, recommendations
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.recwatch.conftest import AFTER, BEFORE, Program


def everything(url: str) -> dict[str, list[object]]:
    """All rows of all tables."""
    with open_store(url) as store, store.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in metadata.sorted_tables
        }


def test_a_copy_from_a_running_system_is_whole_and_goes_back_into_an_empty_home(polled: Program) -> None:
    """What stands in SQLite's log alone, too: a copy of its file had none of it."""
    url = f"sqlite:///{polled.home}/recwatch.sqlite3"
    writer = Store(url)
    with writer.write() as connection:  # open all the while: nothing is folded into the file
        connection.execute(evidence.update().values(sha256=evidence.c.sha256))
    answer = polled("backup", "copy.backup")
    assert answer.status == 0
    assert "checked" in answer.out
    writer.close()
    before = everything(url)
    shutil.rmtree(polled.home)
    assert polled("restore", "copy.backup").status == 0
    assert everything(url) == before
    assert before["events"]
    assert before["evidence"]
    assert polled.poll([AFTER[0].but(narrative="The lamps burn."), *AFTER[1:]], 3)["updated"] == 1


def test_a_copy_is_of_one_moment_however_much_is_written(polled: Program) -> None:
    """Each transaction is in it whole or not at all, and writers do not wait for it."""
    url, stop = f"sqlite:///{polled.home}/recwatch.sqlite3", threading.Event()

    def write() -> None:
        with Store(url) as store:
            number = 0
            while not stop.is_set():
                number += 1
                with store.write() as connection:
                    for key in ("one", "two"):
                        connection.exec_driver_sql(
                            "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, str(number))
                        )

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            assert polled("backup", f"{number}.backup").status == 0
    finally:
        stop.set()
        thread.join()
    for number in range(5):
        with sqlite3.connect(f"{number}.backup") as connection:
            values = {
                row[0] for row in connection.execute("SELECT value FROM meta WHERE key IN ('one', 'two')")
            }
        connection.close()
        assert len(values) <= 1


def test_a_damaged_or_foreign_file_is_refused_and_leaves_nothing(polled: Program) -> None:
    """Before anything is touched."""
    assert polled("backup", "copy.backup").status == 0
    whole = Path("copy.backup").read_bytes()
    shutil.rmtree(polled.home)
    for content in (
        whole[: len(whole) // 2],
        whole[:4096] + bytes(4096) + whole[8192:],
        b"not a database",
        b"",
    ):
        Path("bad.backup").write_bytes(content)
        answer = polled("restore", "bad.backup")
        assert answer.status == 1
        assert "bad.backup" in answer.err
        assert not list(polled.home.glob("*.sqlite3*"))
    assert polled("restore", "missing.backup").status == 1


def test_neither_overwrites_anything(polled: Program) -> None:
    """A copy that is there, a store that is there."""
    assert polled("backup", "copy.backup").status == 0
    again, back = polled("backup", "copy.backup"), polled("restore", "copy.backup")
    assert (again.status, back.status) == (1, 1)
    assert "exists already" in again.err
    assert "empty home" in back.err
    assert Path("copy.backup").stat().st_mode & 0o077 == 0


def test_a_store_goes_through_a_copy_from_either_database_to_the_other(
    program: Program, postgres_url: str, tmp_path: Path
) -> None:
    """With its evidence and all that waits; new rows are numbered after the old ones."""
    plain = program.config.read_text()
    program.poll(BEFORE, 1)
    program.poll(AFTER, 2)
    local = f"sqlite:///{program.home}/recwatch.sqlite3"
    assert program("backup", "one.backup").status == 0
    program.config.write_text(f'[store]\nurl = "{postgres_url}"\n{plain}')
    assert program("restore", "one.backup").status == 0
    assert everything(postgres_url) == everything(local)
    assert program.poll([AFTER[0].but(narrative="The lamps burn."), *AFTER[1:]], 3)["updated"] == 1
    assert program("restore", "one.backup").status == 1  # not empty any more
    assert program("backup", "two.backup").status == 0
    program.config.write_text(plain)
    shutil.rmtree(program.home)
    assert program("restore", "two.backup").status == 0
    assert everything(local) == everything(postgres_url)
    with open_store(local) as store, store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 3
        assert connection.scalar(select(func.count()).select_from(recommendations)) == 5


def test_a_store_is_copied_before_it_is_migrated(polled: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration has no way back; where no copy can be made, nothing is migrated."""
    path = polled.home / "recwatch.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.close()
    copies: list[int] = []
    monkeypatch.setattr(upgrade, "revisions", lambda: {"0000", upgrade.HEAD})
    monkeypatch.setattr(command, "upgrade", lambda *_: copies.append(len(list(polled.home.glob("*.backup")))))
    polled("list")
    assert copies == [1]
    (copy,) = polled.home.glob("*.backup")
    assert check(copy).revision == "0000"

    def full(*_: object) -> None:
        raise BackupError("no room")

    copy.unlink()
    monkeypatch.setattr(backups, "back_up", full)
    answer = polled("list")
    assert answer.status == 1
    assert "no backup could be made" in answer.err
    assert copies == [1]
