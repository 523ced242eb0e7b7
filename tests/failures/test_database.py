"""A database that is locked by somebody else, or restarted under us: waited out, and gone on from."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from monitor.record.queue.client import Queue, queue_server
from monitor.record.store import store as stores
from monitor.record.store.schema import attempts, events, messages, recommendations
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes import folders, postgres, processes
from tests.fakes.transport import FakeTransport, context
from tests.monitor.poller.test_loop import running as polling
from tests.monitor.poller.world import CHANGED, FIVE, World, piers
from tests.recwatch.conftest import AFTER, BEFORE, Program
from tests.recwatch.runtime.test_up import up
from tests.recwatch.verbs.test_doing import dated, save
from tests.workers import seeding
from workers import context as contexts
from workers.context import Context
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.queue import work_loop

PATIENCE = 60  # seconds for what takes one on an idle machine
pytestmark = pytest.mark.timeout(300)  # many processes on a machine that may be busy

# Another program, such as a browser of databases, that began to write and was left open.
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(store: Store) -> Iterator[None]:
    """Locked by another process."""
    with processes.running(HOLDER, store.where) as process:
        assert processes.line(process) == "held"
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """A store whose writers wait for another for a second instead of thirty."""
    monkeypatch.setattr(stores, "_WAIT_FOR_LOCK", 1)
    with open_store(f"sqlite:///{tmp_path / 'recwatch.sqlite3'}") as opened:
        yield opened


def test_a_poller_goes_on_when_a_locked_store_is_free_again(
    impatient: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Said once, with what to do; the change that it read meanwhile becomes one event."""

    async def check(world: World) -> None:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        world.serve(FIVE, stamp=yesterday)
        await until(lambda: world.told() is not None and seeding.count(impatient, recommendations) == 5)
        with held(impatient):
            world.serve(CHANGED, stamp=yesterday + timedelta(hours=1))
            await asyncio.sleep(4)
        await until(lambda: seeding.count(impatient, events) == 1)

    polling(impatient, tmp_path, check, piers(every="1s"))
    said = capsys.readouterr().out
    assert said.count("nothing can be stored") == 1
    assert "database is locked (another program has held it" in said
    assert "Traceback" not in said


async def until(condition: object) -> None:
    await asyncio.to_thread(processes.until, condition, PATIENCE)  # type: ignore[arg-type]


def test_doctor_says_that_somebody_else_holds_the_store(
    polled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be read, and that is not enough."""
    monkeypatch.setattr(stores, "_WAIT_FOR_LOCK", 0.1)
    with Store(f"sqlite:///{polled.home / stores.FILE}") as store, held(store):
        answer = polled("doctor")
    assert answer.status == 1
    assert "FAIL  store: " in answer.out
    assert "database is locked (another program has held it" in answer.out
    assert "→ do what the brackets say" in answer.out


def test_what_was_sent_while_the_store_was_locked_is_recorded_when_it_is_free(impatient: Store) -> None:
    """Nothing is sent twice."""
    transport = FakeTransport()
    world = context(impatient, seeding.configured(seeding.webhook()), transport)
    fan_out(world, seeding.changes(impatient, [(number, 2) for number in range(1, 20)]), datetime.now(UTC))
    locked, job = threading.Event(), threading.Thread(target=deliver, args=(world, world.channels["webhook"]))
    transport.on_send = lambda _: locked.wait(PATIENCE)
    with capture_logs() as said:
        job.start()
        processes.until(lambda: transport.sent, PATIENCE)
        with held(impatient):
            locked.set()
            job.join(3)
            assert job.is_alive()  # it keeps what it knows, and tries to write it
        job.join(PATIENCE)
    assert [line["event"] for line in said] == [
        "nothing can be recorded; trying until it can",  # once, however often it was tried
        "the store can be used again",
    ]
    assert not job.is_alive()
    deliver(world, world.channels["webhook"])
    assert len(transport.ids()) == len(set(transport.ids())) == 19
    assert seeding.count(impatient, messages, state="sent") == seeding.count(impatient, attempts) == 19


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server of the test's own, which it may stop; with an empty database `watch`."""
    if postgres.find_binaries() is None:
        pytest.skip("PostgreSQL: no initdb on this machine")
    with folders.short("rwpg-") as folder:
        made = postgres.Server(folder)
        made.start()
        engine = create_engine(made.address.format("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE watch"))
        engine.dispose()
        yield made
        made.stop()


def test_up_outlives_a_restart_of_its_database(program: Program, server: postgres.Server) -> None:
    """One line a part when it goes, one when it is back; what changed meanwhile is told, once."""
    program.config.write_text(
        f'[store]\nurl = "{server.address.format("watch")}"\n' + program.config.read_text()
    )
    with up(program) as running:
        running.await_ready()
        save(program, "one.csv", dated(BEFORE, 1))
        processes.until(lambda: "outcome=baseline" in running.err, PATIENCE)
        server.stop()
        save(program, "two.csv", dated(AFTER, 2))
        processes.until(lambda: "nothing can be stored" in running.err, PATIENCE)
        processes.until(lambda: "nothing can be dispatched" in running.err, PATIENCE)
        for verb in ("status", "once"):
            answer = program(verb)
            assert (answer.status, answer.err.count("\n")) == (1, 1)
            assert answer.err.startswith("recwatch: the store at postgresql+psycopg://recwatch@/watch")
        doctor = program("doctor")
        assert "→ check [store] url, and that the database is up" in doctor.out
        server.start()
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        processes.until(lambda: "the store can be used again" in running.err, PATIENCE)
        processes.until(lambda: "dispatching again" in running.err, PATIENCE)
        assert running.stop() == 0
    assert running.out.count("· subscription harbor ·") == 2
    assert running.err.count("nothing can be stored") <= 2  # its going, and then its being away
    assert running.err.count("nothing can be dispatched") == 1
    assert running.err.count("a part ended") == 0
    assert "Traceback" not in running.err


@pytest.mark.parametrize(
    "job",
    [("webhook", "workers.queue.jobs.deliver", "webhook"), ("changes", "workers.queue.jobs.describe", 1)],
)
def test_a_job_that_finds_no_database_says_so_in_one_line(
    job: tuple[str, str, int | str],
    server: postgres.Server,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """And is not run again at once, in vain: a line, and no traceback."""
    url = server.address.format("watch")
    open_store(url).close()
    server.stop()
    with queue_server("", tmp_path) as address, Queue(address) as queue, Store(url) as store:
        made = Context(seeding.configured(seeding.webhook()), tmp_path, store, queue)
        contexts.install(lambda: made)
        queue.enqueue(*job)
        work_loop.work(made, job[0], burst=True)
        assert queue.depth(job[0]) == 0
    server.start()
    said = "".join(capfd.readouterr())
    assert said.count("a job has to wait for the store") == 1
    assert "the store at postgresql+psycopg://recwatch@/watch" in said
    assert "Traceback" not in said
