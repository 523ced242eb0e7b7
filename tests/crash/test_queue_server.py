"""The embedded server while its users are killed, forked and started at the same moment."""

import os
import signal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.record.queue import server as servers
from monitor.record.queue.client import Queue, queue_server
from tests.fakes.processes import line, lives, running, start, until

USER = """
import sys
from pathlib import Path
from monitor.record.queue.client import Queue, queue_server
with queue_server("", Path(sys.argv[1])) as url, Queue(url) as queue:
    print(queue.connection.info("server")["process_id"], flush=True)
    sys.stdin.read()
"""

# Leaves a child behind that inherited every open file, says which, and waits to be killed.
FORKING_USER = """
import os, sys, time
from pathlib import Path
from monitor.record.queue.client import Queue, queue_server
with queue_server("", Path(sys.argv[1])) as url, Queue(url) as queue:
    server = queue.connection.info("server")["process_id"]
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    print(server, child, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def alive(home: Path) -> bool:
    return servers._alive(home / "queue")


def test_it_outlives_the_kill_of_who_started_it_and_the_next_takes_it_over(home: Path) -> None:
    with running(USER, home) as first:
        pid = int(line(first))
        first.kill()
        first.wait()
    assert lives(pid)
    with queue_server("", home) as url, Queue(url) as queue:
        assert queue.connection.info("server")["process_id"] == pid
    assert not lives(pid)


def test_the_kill_of_one_user_leaves_it_to_the_others(home: Path) -> None:
    with running(USER, home) as first, running(USER, home) as second:
        pid = int(line(first))
        assert int(line(second)) == pid
        first.kill()
        first.wait()
        assert alive(home)
        second.communicate("")
    assert not lives(pid)


def test_many_who_come_at_once_start_one(home: Path) -> None:
    users = [start(USER, home) for _ in range(6)]
    assert len({line(user) for user in users}) == 1
    for user in users:
        user.communicate("")
    assert not alive(home)


def test_a_terminal_interrupt_does_not_reach_it(home: Path) -> None:
    """It has a session of its own: Ctrl-C is for those whose work it carries."""
    with queue_server("", home) as url, Queue(url) as queue:
        pid = queue.connection.info("server")["process_id"]
        assert os.getsid(pid) != os.getsid(0)
        assert os.getpgid(pid) != os.getpgid(0)


def test_an_orphaned_child_does_not_keep_it_running(home: Path) -> None:
    """A lock lives as long as any copy of its file: a fork's copies must be closed."""
    with running(FORKING_USER, home) as user:
        server, child = map(int, line(user).split())
        user.kill()
        user.wait()
    try:
        assert lives(child)
        with queue_server("", home):
            pass
        until(lambda: not lives(server))
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_childs_end_does_not_let_go_of_its_parents_hold(home: Path) -> None:
    with queue_server("", home) as url, Queue(url) as queue:
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        with running(USER, home) as other:
            line(other)
            other.communicate("")
        queue.ping()
        assert alive(home)


def test_a_child_that_unwinds_its_parents_frames_stops_nothing(home: Path) -> None:
    with queue_server("", home) as url, Queue(url) as queue:
        child = _fork_that_leaves(home)
        assert os.waitpid(child, 0)[1] == 0
        queue.ping()


def _fork_that_leaves(home: Path) -> int:
    with capture_logs() as said, queue_server("", home):
        child = os.fork()
        if child:
            return child
    os._exit(len(said))


def test_one_killed_while_it_holds_the_start_lock_blocks_nobody(home: Path) -> None:
    holder = """
import sys
from pathlib import Path
from monitor.record.queue import server as servers
folder = servers._prepare(Path(sys.argv[1]))
with servers._opened(folder / "start.lock") as handle, servers._locked(handle, folder):
    print("held", flush=True)
    sys.stdin.read()
"""
    with running(holder, home) as process:
        assert line(process) == "held"
        process.kill()
        process.wait()
    with queue_server("", home) as url, Queue(url) as queue:
        queue.ping()


def test_a_server_killed_with_all_its_users_leaves_nothing_in_the_way(home: Path) -> None:
    with running(USER, home) as user:
        pid = int(line(user))
        os.kill(pid, signal.SIGKILL)
        user.kill()
        user.wait()
    until(lambda: not lives(pid))
    with queue_server("", home) as url, Queue(url) as queue:
        assert queue.connection.info("server")["process_id"] != pid


def test_a_home_deleted_under_it_does_not_leave_it_behind(home: Path) -> None:
    import shutil

    with queue_server("", home) as url, Queue(url) as queue:
        pid = queue.connection.info("server")["process_id"]
        shutil.rmtree(home / "queue")
    until(lambda: not lives(pid))
