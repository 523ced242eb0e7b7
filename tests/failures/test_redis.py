"""A queue server whose memory is full, or that throws things away: said, waited out, nothing lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.record.queue.client import Queue, queue_server
from recwatch.configuration import load
from recwatch.runtime import main_process
from recwatch.runtime.contexts import served
from tests.fakes import processes
from tests.recwatch.conftest import AFTER, BEFORE, Program
from tests.recwatch.runtime.test_up import up
from tests.recwatch.verbs.test_doing import dated, save

PATIENCE = 60  # seconds for what takes one on an idle machine
pytestmark = pytest.mark.timeout(300)  # many processes on a machine that may be busy


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Queue]:
    """A server of the owner's own, outside the home."""
    outside = tmp_path / "outside"
    outside.mkdir()
    with queue_server("", outside) as url, Queue(url) as queue:
        yield queue


@pytest.fixture
def served_apart(program: Program, server: Queue) -> Program:
    """The program, with that server configured."""
    program.config.write_text(f'[queue]\nredis_url = "{server.url}"\n' + program.config.read_text())
    return program


@contextmanager
def full(server: Queue, policy: str = "noeviction") -> Iterator[None]:
    """Without room for anything more."""
    server.connection.config_set("maxmemory-policy", policy)
    server.connection.config_set("maxmemory", "1mb")
    try:
        yield
    finally:
        server.connection.config_set("maxmemory", "0")


def test_up_waits_out_a_server_without_room_and_then_sends(served_apart: Program, server: Queue) -> None:
    """What changed meanwhile stands in the store; the log has the server's own words once a part."""
    with up(served_apart) as running:
        running.await_ready()
        save(served_apart, "one.csv", dated(BEFORE, 1))
        processes.until(lambda: "outcome=baseline" in running.err, PATIENCE)
        with full(server):
            save(served_apart, "two.csv", dated(AFTER, 2))
            processes.until(lambda: "the dispatcher finds the change in the store" in running.err, PATIENCE)
            processes.until(lambda: "nothing can be dispatched" in running.err, PATIENCE)
            doctor = served_apart("doctor")
            assert doctor.status == 1
            assert "FAIL  queue server: " in doctor.out
            assert "used memory > 'maxmemory'" in doctor.out
            assert "→ give it more memory (maxmemory)" in doctor.out
            began = time.monotonic()
            processes.until(lambda: time.monotonic() - began > 6, PATIENCE)  # a worker's heartbeat or two
            assert len(running.children()) == 4
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        assert running.stop() == 0
    assert running.err.count("nothing can be dispatched") == 1
    assert running.err.count("a part ended") == 0
    assert "Traceback" not in running.err


def test_doctor_warns_of_a_server_that_throws_jobs_away(served_apart: Program, server: Queue) -> None:
    """It says what that costs and what to set; a policy without a limit throws nothing away."""
    server.connection.config_set("maxmemory-policy", "allkeys-lru")
    assert "warn  queue server" not in served_apart("doctor").out
    server.connection.config_set("maxmemory", "100mb")
    answer = served_apart("doctor")
    assert answer.status == 0
    assert "warn  queue server: " in answer.out
    assert "(maxmemory-policy allkeys-lru): nothing is lost, but messages would be late" in answer.out
    assert "→ set its maxmemory-policy to noeviction" in answer.out


def test_up_warns_of_it_at_its_start(served_apart: Program, server: Queue) -> None:
    """Once, beside its other warnings."""
    server.connection.config_set("maxmemory-policy", "allkeys-lru")
    server.connection.config_set("maxmemory", "100mb")
    loaded = load(served_apart.config, served_apart.home, secrets=True)
    with capture_logs() as said, served(loaded) as make:
        main_process._warn(loaded, make)
    [line] = [line for line in said if "throws jobs away" in line["event"]]
    assert line["event"].startswith(server.where)
    assert line["do"] == "set its maxmemory-policy to noeviction"


def test_a_server_that_throws_everything_away_costs_time_and_nothing_else(
    served_apart: Program, server: Queue
) -> None:
    """Full from the start, with a policy that evicts: each change arrives, once."""
    with full(server, "allkeys-random"), up(served_apart) as running:
        running.await_ready()
        save(served_apart, "one.csv", dated(BEFORE, 1))
        save(served_apart, "two.csv", dated(AFTER, 2))
        processes.until(lambda: "outcome=changed" in running.err, PATIENCE)
        server.connection.config_set("maxmemory", "0")
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        assert running.stop() == 0
    assert running.out.count("· subscription harbor ·") == 2
