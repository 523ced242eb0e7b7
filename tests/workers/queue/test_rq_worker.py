"""The worker process: what it works on, how it stops, and what it says."""

import gc
import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.record.queue.client import Queue, QueueError, queue_server
from monitor.record.store.store import Store
from tests.fakes import jobs, workers
from tests.fakes.processes import line, lives, running, until
from tests.workers.seeding import changes
from workers.configuration import Configuration
from workers.context import Context
from workers.queue import rq_job, rq_worker, stopping, work_loop
from workers.queue.dispatcher import dispatch_once

NOTE, LINGER, FAIL = (f"tests.fakes.jobs.{name}" for name in ("note", "linger", "fail"))


@pytest.fixture(autouse=True)
def jobs_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers run these jobs, too."""
    monkeypatch.setattr(rq_job, "ALLOWED", rq_job.ALLOWED | jobs.PATHS)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    with queue_server("", tmp_path) as url, Queue(url) as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.txt"


@pytest.fixture
def context(tmp_path: Path, queue: Queue, store: Store) -> Context:
    return Context(Configuration(), tmp_path, store, queue)


def test_a_burst_works_off_its_queue_and_ends(context: Context, queue: Queue, out: Path) -> None:
    for word in ("one", "two", "three"):
        queue.enqueue("changes", NOTE, str(out), word)
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == ["one", "two", "three"]
    assert queue.depth("changes") == 0


def test_a_worker_leaves_other_queues_alone(context: Context, queue: Queue, out: Path) -> None:
    queue.enqueue("slack", NOTE, str(out), "slack")
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == []
    assert queue.depth("slack") == 1


def test_each_job_runs_in_a_child_of_the_worker(context: Context, queue: Queue, out: Path) -> None:
    queue.enqueue("changes", NOTE, str(out), "one")
    queue.enqueue("changes", NOTE, str(out), "two")
    work_loop.work(context, "changes", burst=True)
    pids = jobs.pids(out, "one") + jobs.pids(out, "two")
    assert len({*pids, os.getpid()}) == 3


def test_a_burst_gives_the_process_its_signal_handlers_back(context: Context) -> None:
    before = signal.getsignal(signal.SIGTERM)
    work_loop.work(context, "changes", burst=True)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_job_that_raises_is_run_again_as_often_as_it_has_retries(
    context: Context, queue: Queue, out: Path
) -> None:
    queue.enqueue("changes", FAIL, str(out))
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == ["begun"] * 4


def test_a_path_that_leads_nowhere_does_not_stop_the_worker(
    context: Context, queue: Queue, out: Path
) -> None:
    queue.enqueue("changes", "no.such.function", 1)
    queue.enqueue("changes", NOTE, str(out), "after")
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == ["after"]


def test_data_that_is_no_json_does_not_stop_the_worker(context: Context, queue: Queue, out: Path) -> None:
    """Somebody else may write to the server; with pickle this would run their code."""
    queue.enqueue("changes", NOTE, str(out), "never")
    (job_id,) = queue.connection.lrange("rq:queue:changes", 0, -1)
    queue.connection.hset(f"rq:job:{job_id.decode()}", "data", b"cos\nsystem\n(S'true'\ntR.")
    queue.enqueue("changes", NOTE, str(out), "after")
    work_loop.work(context, "changes", burst=True)
    assert jobs.words(out) == ["after"]


def test_standard_output_stays_clean(
    context: Context,
    queue: Queue,
    out: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It carries the answer of a verb; RQ writes there where nobody has said where logs go."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    queue.enqueue("changes", "tests.fakes.jobs.die", str(out))
    work_loop.work(context, "changes", burst=True)
    said = capfd.readouterr()
    assert said.out == ""
    assert "terminated unexpectedly" in said.err


def test_an_idle_worker_stops_promptly(tmp_path: Path, queue: Queue, out: Path) -> None:
    """It does not wait until it would look around, which here it does every five minutes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        with workers.running(tmp_path, looks_around=300) as worker:
            line(worker)
            queue.enqueue("changes", NOTE, str(out), str(number))
            until(lambda number=number: str(int(number)) in jobs.words(out))  # type: ignore[misc]
            worker.send_signal(number)
            assert worker.wait(60) == 0


def test_a_stop_before_the_first_job_is_heard_too(tmp_path: Path, queue: Queue) -> None:
    with workers.running(tmp_path) as worker:
        line(worker)
        until(lambda: queue.connection.exists("rq:workers"))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0


def test_a_busy_worker_lets_its_job_end_and_tells_it_to(tmp_path: Path, queue: Queue, out: Path) -> None:
    queue.enqueue("changes", LINGER, str(out), "30")
    queue.enqueue("changes", NOTE, str(out), "another")
    with workers.running(tmp_path) as worker:
        until(lambda: jobs.words(out) == ["begun"])
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert jobs.words(out) == ["begun", "stopped"]
    assert queue.depth("changes") == 1


def test_a_worker_that_was_asked_twice_stops_at_once(tmp_path: Path, queue: Queue, out: Path) -> None:
    """The second time has to come a second later: terminals and supervisors both send one."""
    queue.enqueue("changes", "tests.fakes.jobs.ignore_stops", str(out), "60")
    with workers.running(tmp_path) as worker:
        until(lambda: jobs.words(out) == ["begun"])
        worker.send_signal(signal.SIGTERM)
        time.sleep(1.1)  # what is tested is this time itself
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    until(lambda: not lives(jobs.pids(out, "begun")[0]))
    assert jobs.words(out) == ["begun"]


def test_a_stop_reaches_the_job_alone_not_the_workers_own_group(queue: Queue) -> None:
    """Until a child has made its own, its group is the worker's, and that the supervisor's."""
    heard: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    with running("import time; time.sleep(60)") as child:
        try:
            worker = rq_worker.Worker("changes", queue.connection, queue.url, rq_worker.ServerOutage())
            worker.set_state("busy")
            worker._horse_pid = child.pid
            worker.request_stop(signal.SIGTERM, None)
            assert child.wait(60) == -signal.SIGTERM
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            stopping.asked.clear()
    assert heard == []


def test_a_stop_that_comes_as_a_spare_gets_its_job_reaches_the_job(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would work on, and be killed amid what it sends when the patience for the worker is over."""
    queue.enqueue("changes", NOTE, "out", "word")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with running("import time; time.sleep(60)") as child:
        worker = rq_worker.Worker("changes", queue.connection, queue.url, rq_worker.ServerOutage())
        (job,) = worker.queues[0].jobs
        spare = rq_worker.PreforkedChild(child.pid, -1)

        def give(_self: object, _words: str) -> bool:
            worker.request_stop(signal.SIGTERM, None)
            return True

        monkeypatch.setattr(rq_worker.PreforkedChild, "give", give)
        try:
            worker.prepare_execution(job)
            worker.spare = spare
            worker.fork_work_horse(job, worker.queues[0])
            assert child.wait(60) == -signal.SIGTERM
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            stopping.asked.clear()


def test_a_job_in_the_hands_of_a_worker_that_is_stopped_is_dispatched_again_at_once(
    context: Context, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of one machine is stopped, the dispatcher of another goes on: nobody was killed."""

    def stopped(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    changes(context.store, [(1, 2)])
    assert dispatch_once(context) == 1
    monkeypatch.setattr(rq_worker.Worker, "prepare_execution", stopped)
    work_loop.work(context, "changes", burst=False)
    assert queue.depth("changes") == 0
    assert dispatch_once(context) == 1
    assert queue.depth("changes") == 1


def test_a_burst_without_a_queue_server_gives_up(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    monkeypatch.setattr(work_loop, "_PATIENCE_OF_BURSTS", timedelta(milliseconds=100))
    with Queue("redis://127.0.0.1:1/0") as queue, pytest.raises(QueueError, match="cannot be reached"):
        work_loop.work(Context(Configuration(), tmp_path, store, queue), "changes", burst=True)


def test_a_worker_waiting_for_the_queue_server_stops_promptly(tmp_path: Path) -> None:
    with workers.running(tmp_path, redis_url="redis://127.0.0.1:1/0") as worker:
        line(worker)
        until(lambda: "cannot be reached" in workers.log(tmp_path))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0


def test_a_channels_modules_are_imported_before_the_fork(context: Context, queue: Queue, out: Path) -> None:
    """Each child would pay for the import again."""
    queue.enqueue("webhook", "tests.fakes.jobs.modules", str(out), "workers.channels.webhook.transport")
    work_loop.work(context, "webhook", burst=True)
    assert jobs.words(out) == ["imported"]


def test_working_again_and_again_keeps_no_garbage(context: Context) -> None:
    """What is spared its children while it works is looked through by the collector again afterwards."""
    before = gc.get_freeze_count()
    work_loop.work(context, "changes", burst=True)
    assert gc.get_freeze_count() == before
