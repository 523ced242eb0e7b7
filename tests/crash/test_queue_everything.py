"""Deliveries while the worker, its child, the dispatcher and the queue server are killed in turn."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.record.queue.client import Queue, QueueError, queue_server
from monitor.record.store.schema import attempts, messages
from monitor.record.store.store import Store
from tests.fakes.delivering import SOME, add_message, add_notice, process, sent, state
from tests.fakes.processes import until

LEASE = "2s"
NOTICES = 300
KILLS_OF_SENDERS = 2


class System:
    """A dispatcher and a worker, each started again when it was killed."""

    def __init__(self, home: Path, url: str, stack: ExitStack) -> None:
        self.home, self.url, self.stack = home, url, stack
        self.running = {what: self._start(what) for what in ("dispatch", "console")}

    def _start(self, what: str) -> "subprocess.Popen[str]":
        return self.stack.enter_context(process(self.home, what, LEASE))

    def kill(self, what: str) -> None:
        self.running[what].kill()
        self.running[what].wait()
        self.running[what] = self._start(what)

    def kill_child(self) -> None:
        worker = self.running["console"].pid
        for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)

    def kill_server(self) -> None:
        with Queue(self.url) as queue:
            until(lambda: _answers(queue))
            os.kill(int(queue.connection.info("server")["process_id"]), signal.SIGKILL)

    def flush(self) -> None:
        with Queue(self.url) as queue:
            until(lambda: _answers(queue))
            queue.connection.flushall()


def _answers(queue: Queue) -> bool:
    try:
        queue.ping()
    except QueueError:
        return False
    return True


def test_every_message_arrives_and_repeats_only_the_unknown_whatever_is_killed(
    tmp_path: Path, store: Store
) -> None:
    """Promises 1 and 2: at least once; again only where the outcome of an attempt is unknown."""
    for _ in range(NOTICES):
        add_notice(store)
    with queue_server("", tmp_path) as url, ExitStack() as stack:
        system = System(tmp_path, url, stack)
        blows: list[Callable[[], None]] = [
            system.kill_child,
            lambda: system.kill("console"),
            system.kill_server,
            lambda: system.kill("dispatch"),
            system.flush,
        ]
        until(lambda: sent(tmp_path))
        for blow in blows:
            blow()
            before = len(sent(tmp_path))
            until(lambda before=before: len(sent(tmp_path)) > before or _waiting(store) == 0)  # type: ignore[misc]
        until(lambda: _made(store) == NOTICES and _waiting(store) == 0)
    assert _states(store) == {"sent": NOTICES}
    arrived = Counter(sent(tmp_path))
    assert len(arrived) == NOTICES
    unknown = _unknown(store)
    assert [each for each, times in arrived.items() if times > 1 + unknown[each]] == []
    assert max(unknown.values(), default=0) <= KILLS_OF_SENDERS


def _unknown(store: Store) -> Counter[str]:
    """How many attempts of each message ended without anybody knowing how."""
    with store.read() as connection:
        query = select(attempts.c.message_id).where(attempts.c.outcome == "unknown")
        return Counter(connection.scalars(query))


def _states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        query = select(messages.c.state, func.count().label("number")).group_by(messages.c.state)
        return {row.state: row.number for row in connection.execute(query)}


def _made(store: Store) -> int:
    return sum(_states(store).values())


def _waiting(store: Store) -> int:
    return _states(store).get("waiting", 0)


@pytest.mark.parametrize(
    "moment",
    [
        "execute_job",  # it has taken the job and not begun it
        "handle_job_failure",  # its child was killed, and it is about to write that down
    ],
)
def test_what_a_killed_worker_loses_the_dispatcher_makes_again(
    tmp_path: Path, store: Store, moment: str
) -> None:
    """Even where RQ forgets the job that was in a worker's hands: after a lease there is another."""
    message = add_message(store, "screen")
    (tmp_path / "kills").write_text("screen")
    with queue_server("", tmp_path) as url, process(tmp_path, "dispatch", LEASE):
        with process(tmp_path, "console", LEASE, moment) as worker:
            assert worker.wait(60) == -signal.SIGKILL
        (tmp_path / "kills").unlink()
        with Queue(url) as queue:
            for key in queue.connection.keys("rq:*"):
                queue.connection.delete(key)
        with process(tmp_path, "console", LEASE):
            until(lambda: state(store, message) == "sent")
    assert sent(tmp_path) == [message]


def test_a_worker_told_to_stop_leaves_the_rest_to_the_next_at_once(tmp_path: Path, store: Store) -> None:
    """What it had not begun carries no mark that would keep the next worker waiting for a lease."""
    for _ in range(NOTICES):
        add_notice(store)
    (tmp_path / "stalls").touch()
    with queue_server("", tmp_path), process(tmp_path, "dispatch", "60s"):
        with process(tmp_path, "console", "60s") as first:
            until(lambda: len(sent(tmp_path)) > SOME)
            first.terminate()
            (tmp_path / "stalls").unlink()
            assert first.wait(60) == 0
        assert 0 < len(sent(tmp_path)) < NOTICES
        with process(tmp_path, "console", "60s"):
            until(lambda: _waiting(store) == 0)
    assert len(sent(tmp_path)) == NOTICES
