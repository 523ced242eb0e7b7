"""Workers, their children and their server, killed at work. Times: docs/decisions/0002-rq.md."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import rq

from monitor.record.process import lifeline
from monitor.record.queue import server as servers
from monitor.record.queue.client import Queue, QueueError, queue_server
from tests.fakes import jobs, workers
from tests.fakes.processes import line, lives, until

LINGER, NOTE = "tests.fakes.jobs.linger", "tests.fakes.jobs.note"
RECOVERY = 60.0  # seconds; 16 to 18 measured, and the machine may be busy


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with queue_server("", tmp_path) as url, Queue(url) as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.txt"


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        until(lambda pid=pid: not lives(pid))  # type: ignore[misc]


def kill_server(queue: Queue) -> None:
    pid = int(queue.connection.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid))


def idle(queue: Queue) -> bool:
    (worker,) = rq.Worker.all(queue.connection)
    return bool(worker.get_state() == "idle")


def answers(queue: Queue) -> bool:
    try:
        queue.ping()
    except QueueError:
        return False
    return True


def test_a_job_whose_child_was_killed_is_run_again_at_once(tmp_path: Path, queue: Queue, out: Path) -> None:
    queue.enqueue("changes", LINGER, str(out), "1")
    with workers.running(tmp_path):
        until(lambda: jobs.words(out) == ["begun"])
        os.kill(jobs.pids(out, "begun")[0], signal.SIGKILL)
        until(lambda: jobs.words(out) == ["begun", "begun", "ended"])


def test_a_job_whose_worker_and_child_were_killed_is_run_again_within_seconds(
    tmp_path: Path, queue: Queue, out: Path
) -> None:
    queue.enqueue("changes", LINGER, str(out), "1")
    with workers.running(tmp_path) as worker:
        until(lambda: jobs.words(out) == ["begun"])
        # Stopped, the worker sees nothing of its child's end: both are gone at one moment. What becomes of a
        # job whose worker is killed as it notes that end: test_queue_everything.py.
        worker.send_signal(signal.SIGSTOP)
        kill(jobs.pids(out, "begun")[0])
        worker.kill()
    with workers.running(tmp_path):
        until(lambda: jobs.words(out)[-1] == "ended", RECOVERY)
    assert jobs.words(out)[-2:] == ["begun", "ended"]


def test_a_child_dies_with_its_worker(tmp_path: Path, queue: Queue, out: Path) -> None:
    """The orphan would send what the next run of the job sends again."""
    queue.enqueue("changes", LINGER, str(out), "60")
    with workers.running(tmp_path) as worker:
        until(lambda: jobs.words(out) == ["begun"])
        worker.kill()
        worker.wait()
        until(lambda: not lives(jobs.pids(out, "begun")[0]), 30)  # it would stay for 60
    assert jobs.words(out) == ["begun"]


def test_a_child_dies_with_its_worker_where_the_system_does_not_see_to_it(
    monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    """macOS knows no such signal: a thread of the child looks."""
    monkeypatch.setattr(lifeline, "_libc", None)
    middle = os.fork()
    if not middle:
        parent = os.getpid()
        if not os.fork():
            lifeline.die_with(parent)
            jobs.linger(str(out), "60")
            os._exit(0)
        signal.pause()
    until(lambda: jobs.words(out) == ["begun"])
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    until(lambda: not lives(jobs.pids(out, "begun")[0]), 30)  # it would stay for 60


def test_a_job_taken_and_not_begun_is_not_lost(tmp_path: Path, queue: Queue, out: Path) -> None:
    """As a kill between the two leaves it: out of the queue, in nobody's hands."""
    queue.enqueue("changes", NOTE, str(out), "after all")
    queue.connection.lmove("rq:queue:changes", "rq:queue:changes:intermediate")
    with workers.running(tmp_path):
        until(lambda: jobs.words(out) == ["after"], RECOVERY)


def test_a_worker_killed_while_it_looks_for_abandoned_jobs_does_not_end_the_looking(
    tmp_path: Path, queue: Queue
) -> None:
    """RQ's own lock for that outlives its holder by a quarter of an hour."""
    from workers.queue.rq_queue import RecoveringQueue

    line_ = RecoveringQueue("changes", connection=queue.connection)
    assert line_.acquire_maintenance_lock()
    assert 0 < int(queue.connection.ttl(line_.registry_cleaning_key)) <= 15
    assert not line_.acquire_maintenance_lock()


def test_a_worker_outlives_the_kill_of_its_server_and_starts_it_again(
    tmp_path: Path, queue: Queue, out: Path
) -> None:
    with workers.running(tmp_path) as worker:
        line(worker)
        queue.enqueue("changes", NOTE, str(out), "before")
        until(lambda: jobs.words(out) == ["before"] and idle(queue))
        kill_server(queue)
        # Looked at, not asked: who asks would start it again.
        until(lambda: servers._alive(tmp_path / "queue"))
        until(lambda: answers(queue))
        queue.enqueue("changes", NOTE, str(out), "after")
        until(lambda: jobs.words(out) == ["before", "after"])
        assert worker.poll() is None


def test_a_worker_whose_server_is_killed_goes_on_watching_its_child(
    tmp_path: Path, queue: Queue, out: Path
) -> None:
    """Else it would take the next job while the first still runs."""
    queue.enqueue("changes", LINGER, str(out), "15")  # the server is back long before
    with workers.running(tmp_path) as worker:
        until(lambda: jobs.words(out) == ["begun"])
        kill_server(queue)
        until(lambda: servers._alive(tmp_path / "queue"))
        until(lambda: answers(queue))
        queue.enqueue("changes", NOTE, str(out), "after")
        until(lambda: jobs.words(out) == ["begun", "ended", "after"])
        assert worker.poll() is None


def test_a_long_outage_is_one_line_in_the_log_and_its_end_another(tmp_path: Path, out: Path) -> None:
    """A server of the owner's own, which nobody here can start again."""
    outside = tmp_path / "outside"
    with queue_server("", outside) as url:
        worker = workers.running(tmp_path, redis_url=url)
        process = worker.__enter__()
        line(process)
        with Queue(url) as queue:
            queue.enqueue("changes", NOTE, str(out), "before")
        until(lambda: jobs.words(out) == ["before"])
    try:
        until(lambda: "cannot be reached" in workers.log(tmp_path))
        # Attempts follow each other after 1, 2, 4 s: by then a second line would stand there.
        with pytest.raises(AssertionError):
            until(lambda: len(workers.log(tmp_path).splitlines()) > 1, 4)
        with queue_server("", outside) as url, Queue(url) as queue:
            queue.enqueue("changes", NOTE, str(out), "after")
            until(lambda: jobs.words(out) == ["before", "after"])
        said = workers.log(tmp_path).splitlines()
        assert "can be used again" in said[1]
        assert process.poll() is None
    finally:
        worker.__exit__(None, None, None)
