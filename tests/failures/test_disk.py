"""A disk that is full or may not be written to: said in one line, nothing lost, gone on with by itself."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from monitor.intake import Arrival, take_in
from monitor.record.queue.client import Queue, QueueError, queue_server
from monitor.record.settings import Settings
from monitor.record.store.schema import attempts, events, messages
from monitor.record.store.store import Store, StoreError
from monitor.record.values import Page
from tests.failures.conftest import Disk
from tests.fakes import processes
from tests.fakes.pages import Row, export, rows
from tests.fakes.transport import FakeTransport, context
from tests.recwatch.conftest import AFTER, BEFORE, Program
from tests.recwatch.runtime.test_up import up
from tests.recwatch.verbs.test_doing import dated, save
from tests.workers import seeding
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.values import Receipt

PATIENCE = 60  # seconds for what takes one on an idle machine
pytestmark = pytest.mark.timeout(300)  # many processes on a machine that may be busy
_SOURCE = {"id": "piers", "format": "gao-csv", "url": "https://www.gao.gov/x"}


def test_up_on_a_full_disk_says_so_once_and_goes_on_when_there_is_room(program: Program, disk: Disk) -> None:
    """One line in the log however often it tries; `doctor` names the disk; what changed meanwhile is told."""
    with up(program) as running:
        running.await_ready()
        save(program, "one.csv", dated(BEFORE, 1))
        processes.until(lambda: "outcome=baseline" in running.err, PATIENCE)
        disk.fill()
        save(program, "two.csv", dated(AFTER, 2))
        processes.until(lambda: "nothing can be stored" in running.err, PATIENCE)
        doctor = program.apart("doctor")
        assert doctor.status == 1
        assert f"FAIL  home {program.home}: No space left on device\n      → make room there" in doctor.out
        assert program.apart("status").status == 0
        assert running.err.count("nothing can be stored") == 1
        assert "disk is full (make room there; it goes on by itself)" in running.err
        disk.free()
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        processes.until(lambda: "the store can be used again" in running.err, PATIENCE)
        assert running.stop() == 0
    assert running.out.count("· subscription harbor ·") == 2
    assert "Traceback" not in running.err


def test_a_home_that_may_not_be_written_to_is_said_by_every_verb(program: Program, disk: Disk) -> None:
    """What, where, and what to do; exit status 1, no traceback; and all is well once it may be again."""
    save(program, "one.csv", dated(BEFORE, 1))
    assert program.apart("once").status == 0
    disk.remount("ro")
    for verb in ("status", "once", "up"):
        answer = program(verb)
        said = [line for line in answer.err.splitlines() if "level=warning" not in line]
        assert (answer.status, len(said)) == (1, 1), answer.err
        assert str(program.home) in said[0]
        assert "unexpected" not in said[0]
    assert "writable" in program("once").err
    doctor = program("doctor")
    assert f"FAIL  home {program.home}: Read-only file system\n      → " in doctor.out
    assert "FAIL  store: " in doctor.out
    assert doctor.status == 1
    disk.remount("rw")
    save(program, "two.csv", dated(AFTER, 2))
    answer = program.apart("once")
    assert (answer.status, answer.out.count("· subscription harbor ·")) == (0, 2)


def test_a_queue_server_without_room_is_joined_by_nobody_and_says_why(program: Program, disk: Disk) -> None:
    """In its own words and at once; it is no server that hangs, and nobody should kill it."""
    with queue_server("", program.home) as url, Queue(url) as queue:
        disk.fill()
        processes.until(lambda: refuses(queue), PATIENCE)
        why = "cannot work: .*No space left on device"
        with pytest.raises(QueueError, match=why), queue_server("", program.home):
            pass
        disk.free()
        processes.until(lambda: not refuses(queue), PATIENCE)
        with queue_server("", program.home):
            pass


def refuses(queue: Queue) -> bool:
    """Whether the server takes nothing more."""
    try:
        queue.begin_epoch()
    except QueueError:
        return True
    return False


def test_doctor_warns_before_a_disk_is_full(program: Program, disk: Disk) -> None:
    """While something can still be done about it; that is no failure."""
    answer = program("doctor")
    assert answer.status == 0
    said = " ".join(answer.out.split())  # long lines are folded
    assert "can be written to, but only 3 MB are left" in said
    assert "→ make room there soon" in answer.out


class Room:
    """How large a store's file may become, from the next connection on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._most: int | None = None
        event.listen(store.engine, "connect", self._limit)

    def _limit(self, connection: sqlite3.Connection, _record: Any) -> None:
        if self._most is not None:
            connection.execute(f"PRAGMA max_page_count={self._most}")

    def none(self) -> None:
        """Not one page more than now."""
        with self._store.read() as connection:
            self._most = connection.scalar(text("PRAGMA page_count"))
        self._store.engine.dispose()

    def enough(self) -> None:
        self._most = None
        self._store.engine.dispose()


def page(page: list[Row], day: int) -> Page:
    taken = datetime(2030, 3, day, 17, 5, tzinfo=UTC)
    return Page(export(page, taken), "https://www.gao.gov/x", taken, "text/csv")


def test_a_capture_that_finds_no_room_changes_nothing_and_is_taken_in_when_there_is(store: Store) -> None:
    """All of it or nothing: the next try finds the change as if it were the first."""
    settings = Settings.model_validate({"sources": [_SOURCE]})
    source = settings.sources[0]
    first = datetime(2030, 3, 1, 17, 6, tzinfo=UTC)
    take_in(store, settings, Arrival(source, page(rows(40), 1), first))
    changed = [row.but(narrative=f"{row.narrative} " + "It has begun. " * 40) for row in rows(15)]
    newer = page([*changed, *rows(40)[15:]], 2)
    moment = datetime(2030, 3, 2, 17, 6, tzinfo=UTC)
    room = Room(store)
    room.none()
    with pytest.raises(StoreError, match=r"disk is full \(make room there; it goes on by itself\)"):
        take_in(store, settings, Arrival(source, newer, moment))
    assert seeding.count(store, events) == 0
    room.enough()
    assert take_in(store, settings, Arrival(source, newer, moment)).updated == 15
    assert seeding.count(store, events) == 15


def test_what_was_sent_while_nothing_can_be_stored_is_recorded_when_it_can(store: Store) -> None:
    """The results are kept, and nothing is sent twice."""
    transport = FakeTransport()
    world = context(store, seeding.configured(seeding.webhook()), transport)
    changes = [(number, 2) for number in range(1, 30)]
    fan_out(world, seeding.changes(store, changes), datetime.now(UTC))
    # Answers that need pages of their own in the ledger.
    transport.script["tracker"] = [Receipt("x" * 9000) for _ in changes]
    room = Room(store)
    transport.on_send = lambda _: room.none() if len(transport.sent) == 1 else None
    job = threading.Thread(target=deliver, args=(world, world.channels["webhook"]))
    with capture_logs() as said:
        job.start()
        processes.until(lambda: any("disk is full" in line.get("error", "") for line in said), PATIENCE)
        room.enough()
        job.join(PATIENCE)
    assert not job.is_alive()
    deliver(world, world.channels["webhook"])
    assert len(transport.ids()) == len(set(transport.ids())) == len(changes)
    assert seeding.count(store, messages, state="sent") == len(changes)
    assert seeding.count(store, attempts) == len(changes)


def test_a_folder_without_a_store_that_may_not_be_written_to_is_named(tmp_path: Path) -> None:
    """The folder, not just the database's own words."""
    where = tmp_path / "gone" / "recwatch.sqlite3"
    with pytest.raises(StoreError, match="its folder has to be there, and writable"):
        Store(f"sqlite:///{where}").create()


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path: Path) -> None:
    """Whatever stands in its place: a line with what to do."""
    where = tmp_path / "recwatch.sqlite3"
    where.write_bytes(b"no database " * 1000)
    match = r"file is not a database \(put a copy that was saved in its place\)"
    with Store(f"sqlite:///{where}") as store, pytest.raises(StoreError, match=match), store.read():
        pass
