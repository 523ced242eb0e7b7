"""The embedded server while its users are killed, forked and started at the same moment."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.record import queue_folder
from monitor.record import queue_server as servers
from monitor.record.queue import Queue, QueueError, queue_server
from tests.fakes.processes import line, lives, running, start, until

USER = """
import sys
from pathlib import Path
from monitor.record.queue import Queue, queue_server
with queue_server("", Path(sys.argv[1])) as url, Queue(url) as queue:
    print(queue.connection.info("server")["process_id"], flush=True)
    sys.stdin.read()
"""

# Leaves a child behind that inherited every open file, says which, and waits to be killed.
FORKING_USER = """
import os, sys, time
from pathlib import Path
from monitor.record.queue import Queue, queue_server
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
from monitor.record import queue_folder
from monitor.record import queue_server as servers
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
    with queue_server("", home) as url, Queue(url) as queue:
        pid = queue.connection.info("server")["process_id"]
        shutil.rmtree(home / "queue")
    until(lambda: not lives(pid))


def test_a_home_deleted_under_it_is_noticed_while_it_is_used(home: Path) -> None:
    """It is ended there and then, as its users may be killed; and it is there again with the home."""
    with queue_server("", home) as url, Queue(url) as queue:
        pid = queue.connection.info("server")["process_id"]
        shutil.rmtree(home / "queue")
        for _ in range(2):
            with pytest.raises(QueueError):
                queue.epoch()
        until(lambda: not lives(pid))
        (home / "queue").mkdir()
        with suppress(QueueError):
            queue.epoch()  # has it started
        queue.epoch()
        assert alive(home)
    until(lambda: not alive(home))


def test_only_a_queue_server_is_killed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server in another container calls its number may be anybody's here."""
    monkeypatch.setattr(queue_folder.os, "kill", lambda *_: pytest.fail("that is somebody else"))
    with queue_server("", home) as url, Queue(url) as queue:
        monkeypatch.setattr(queue.connection, "info", lambda _: {"process_id": os.getpid()})
        queue.ping()
        (home / "queue").rename(home / "away")
        queue.ping()
        (home / "away").rename(home / "queue")


def test_a_home_replaced_under_it_has_its_users_turn_to_the_new_one(home: Path) -> None:
    """None of them goes on with the old server, and none of them ends the new one."""
    with queue_server("", home) as url, Queue(url) as first, Queue(url) as second:
        pid, known = first.connection.info("server")["process_id"], queue_folder._folders[url]
        second.ping()
        shutil.rmtree(home / "queue")
        with running(USER, home) as newcomer:
            new = int(line(newcomer))
            for queue in (first, second):
                queue_folder._folders[url] = known  # as each process has it for itself
                with suppress(QueueError):
                    queue.epoch()
                assert queue.connection.info("server")["process_id"] == new
            until(lambda: not lives(pid))
            assert lives(new)
            newcomer.communicate("")


def test_a_copy_of_its_home_is_not_taken_for_its_own(home: Path) -> None:
    """Although the copy says the number of the server that runs."""
    with queue_server("", home) as url, Queue(url) as queue:
        pid = queue.connection.info("server")["process_id"]
        shutil.copytree(home / "queue", home / "copy", ignore=shutil.ignore_patterns("*.sock"))
        shutil.rmtree(home / "queue")
        (home / "copy").rename(home / "queue")
        with suppress(QueueError):
            queue.epoch()
        until(lambda: not lives(pid))
        assert queue.connection.info("server")["process_id"] != pid
