"""What `up` meets as it starts: orphans to reap, a database that is away, a store that is not its own."""

import os
import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.record.store.store import Store, StoreError
from monitor.record.store.upgrade import open_store
from recwatch.runtime import supervisor as supervisors
from recwatch.runtime.supervisor import Supervisor
from tests.fakes import postgres, processes
from tests.recwatch.conftest import Program
from tests.recwatch.runtime.test_up import up


@pytest.mark.skipif(sys.platform != "linux", reason="containers are Linux")
def test_the_first_process_of_a_container_reaps_what_others_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each orphan stays in the table of processes until it is full."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    monkeypatch.setattr(supervisors.os, "getpid", lambda: 1)
    supervisor = Supervisor([])
    processes.until(lambda: supervisor._care() and not Path(f"/proc/{pid}").exists())


@pytest.mark.skipif(postgres.find_binaries() is None, reason="no PostgreSQL here")
def test_up_waits_for_a_database_that_is_away_and_says_so(program: Program) -> None:
    """A service manager would give up after a few quick failures, and nothing would run in the morning."""
    with TemporaryDirectory(prefix="pg-") as folder:
        server = postgres.Server(Path(folder))
        url = server.address.format("postgres")
        program.config.write_text(f'[store]\nurl = "{url}"\n{program.config.read_text()}')
        with up(program) as running:
            processes.until(lambda: "waiting for the store" in running.err)
            assert running.process.poll() is None
            server.start()
            try:
                running.await_ready()
                assert running.stop() == 0
            finally:
                server.stop()


def test_up_that_waits_for_the_database_can_be_stopped(program: Program) -> None:
    """With status 0, at once."""
    program.config.write_text(
        f'[store]\nurl = "postgresql+psycopg://x@127.0.0.1:9/x"\n{program.config.read_text()}'
    )
    with up(program) as running:
        processes.until(lambda: "waiting for the store" in running.err)
        assert running.stop() == 0


@pytest.mark.parametrize("revision", ["9999", "0000_early", "abc"])
def test_a_store_of_an_unknown_revision_is_one_clear_line(revision: str, polled: Program) -> None:
    """Older or newer, whatever its name: which revision, and what to do."""
    path = polled.home / "recwatch.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
    with pytest.raises(StoreError, match=rf"revision {revision} is unknown here.*run that version"):
        open_store(f"sqlite:///{path}")
    answer = polled.apart("up")
    assert answer.status == 1
    (line,) = answer.err.splitlines()
    assert revision in line


def test_another_store_on_a_home_with_messages_waiting_is_said(polled: Program) -> None:
    """What waits there would never be sent, and nobody would know."""
    polled("once")
    with Store(f"sqlite:///{polled.home}/recwatch.sqlite3").write() as connection:
        connection.exec_driver_sql("UPDATE messages SET state = 'waiting'")
    other = polled.folder / "other.sqlite3"
    polled.config.write_text(f'[store]\nurl = "sqlite:///{other}"\n{polled.config.read_text()}')
    first, second = polled.apart("once"), polled.apart("once")
    assert "used another store until now" in first.err
    assert "2 messages wait there" in first.err or "1 messages wait there" in first.err
    assert "used another store" not in second.err
