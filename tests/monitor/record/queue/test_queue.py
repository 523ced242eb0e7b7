"""The queue server and the queue: who starts it, who stops it, and what it carries."""

import json
import os
import signal
import stat
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from monitor.record.queue import server as servers
from monitor.record.queue.client import Queue, QueueError, queue_server
from tests.fakes import folders
from tests.fakes.processes import lives, slowness, until


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder in which a socket's path is short enough."""
    with folders.short("rw-") as made:
        yield made


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with queue_server("", tmp_path) as address:
        yield address


@pytest.fixture
def queue(url: str) -> Iterator[Queue]:
    with Queue(url) as opened:
        yield opened


def process_id(url: str) -> int:
    with Queue(url) as asked:
        return int(asked.connection.info("server")["process_id"])


def write_down(url: str) -> None:
    """Wait until all is in the server's file: while a busy disk still syncs, it answers before it writes."""

    def written() -> bool:
        told = asked.connection.info("persistence")
        return told["aof_buffer_length"] == told["aof_pending_bio_fsync"] == 0

    with Queue(url) as asked:
        until(written)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid))


def test_a_configured_server_is_used_and_none_is_started(tmp_path: Path) -> None:
    with queue_server("redis://queue.example.org:6379/3", tmp_path) as url:
        assert url == "redis://queue.example.org:6379/3"
    assert not (tmp_path / "queue").exists()


def test_the_embedded_server_runs_while_somebody_is_inside(tmp_path: Path) -> None:
    with queue_server("", tmp_path / "home") as url:
        pid = process_id(url)
        assert lives(pid)
    assert not lives(pid)
    assert not (tmp_path / "home" / "queue" / "queue.sock").exists()


def test_the_embedded_server_starts_within_300_ms(tmp_path: Path) -> None:
    """At one of several tries, and of a machine that does nothing else."""
    taken: list[float] = []
    while len(taken) < 8 and min(taken, default=1) >= 0.3:
        slow = slowness()
        began = time.monotonic()
        with queue_server("", tmp_path / str(len(taken))) as url, Queue(url) as queue:
            queue.ping()
            taken.append((time.monotonic() - began) / slow)
    assert min(taken) < 0.3, taken


def test_the_last_to_leave_stops_it_not_the_first(tmp_path: Path) -> None:
    with queue_server("", tmp_path) as outer:
        pid = process_id(outer)
        with queue_server("", tmp_path) as inner:
            assert inner == outer
        assert process_id(outer) == pid
    assert not lives(pid)


def test_an_error_inside_stops_it_too(tmp_path: Path) -> None:
    with suppress(KeyError), queue_server("", tmp_path) as url:
        pid = process_id(url)
        raise KeyError
    assert not lives(pid)


def test_the_same_home_by_another_path_is_the_same_server(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to("home")
    with queue_server("", tmp_path / "home") as one, queue_server("", tmp_path / "link") as other:
        assert one == other


def test_a_home_named_relatively_is_found_from_anywhere(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(short)
    with queue_server("", Path("var")) as url, Queue(url) as queue:
        queue.ping()
        assert queue.where == str(Path.cwd() / "var" / "queue" / "queue.sock")


def test_only_the_owner_can_reach_the_socket(short: Path) -> None:
    with queue_server("", short):
        assert stat.S_IMODE((short / "queue").stat().st_mode) == 0o700
        assert stat.S_IMODE((short / "queue" / "queue.sock").stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_makes_it_loopback_tcp_with_a_password(tmp_path: Path) -> None:
    home = tmp_path / ("long" * 25)
    with queue_server("", home) as url, Queue(url) as queue:
        assert url.startswith("redis://:")
        queue.ping()
        password = urlsplit(url).password or ""
        assert len(password) >= 32
        assert password not in queue.where
        for name in ("address", "queue.conf"):
            assert stat.S_IMODE((home / "queue" / name).stat().st_mode) == 0o600
        stranger = servers._plain_client(f"redis://127.0.0.1:{urlsplit(url).port}/0")
        with pytest.raises(redis.AuthenticationError), stranger:
            stranger.ping()
        with queue_server("", home) as again:
            assert again == url


def test_a_home_with_quotes_spaces_and_umlauts_is_one_like_any_other(short: Path) -> None:
    home = short / 'a "b" \\ c%20 ü'
    with queue_server("", home) as url, Queue(url) as queue:
        queue.ping()
        assert queue.where == str(home / "queue" / "queue.sock")


def test_what_was_enqueued_outlives_a_stop(tmp_path: Path) -> None:
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        queue.enqueue("changes", "workers.queue.jobs.describe", 7)
        epoch = queue.epoch()
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        assert queue.depth("changes") == 1
        assert queue.epoch() == epoch


def test_what_was_enqueued_outlives_a_kill(tmp_path: Path) -> None:
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        for number in range(50):
            queue.enqueue("changes", "workers.queue.jobs.describe", number)
        write_down(url)
        kill(process_id(url))
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        assert queue.depth("changes") == 50


def test_a_killed_server_is_started_again_by_whoever_notices(queue: Queue) -> None:
    queue.enqueue("changes", "workers.queue.jobs.describe", 7)
    write_down(queue.url)
    pid = process_id(queue.url)
    kill(pid)
    with pytest.raises(QueueError):
        queue.ping()
    queue.ping()
    assert process_id(queue.url) != pid
    assert queue.depth("changes") == 1


def test_a_killed_tcp_server_comes_back_under_its_address(tmp_path: Path) -> None:
    with queue_server("", tmp_path / ("long" * 25)) as url, Queue(url) as queue:
        kill(process_id(url))
        with pytest.raises(QueueError):
            queue.ping()
        queue.ping()


def test_who_has_left_starts_nothing_again(tmp_path: Path) -> None:
    with queue_server("", tmp_path) as url:
        pass
    with Queue(url) as queue, pytest.raises(QueueError):
        queue.ping()
    assert not servers._alive(tmp_path / "queue")


def test_a_cut_off_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        for number in range(3):
            queue.enqueue("changes", "workers.queue.jobs.describe", number)
    (log,) = (tmp_path / "queue" / "appendonlydir").glob("*.incr.aof")
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 5)
    with capture_logs() as said, queue_server("", tmp_path) as url, Queue(url) as queue:
        assert queue.depth("changes") >= 2
    assert said == []


@pytest.mark.parametrize("victim", ["*.incr.aof", "*.manifest"])
def test_an_unreadable_file_is_put_aside_and_said_so(tmp_path: Path, victim: str) -> None:
    with queue_server("", tmp_path) as url, Queue(url) as queue:
        queue.enqueue("changes", "workers.queue.jobs.describe", 1)
        epoch = queue.epoch()
    (path,) = (tmp_path / "queue" / "appendonlydir").glob(victim)
    path.write_bytes(b"no such thing\r\n" * 100)
    with capture_logs() as said, queue_server("", tmp_path) as url, Queue(url) as queue:
        assert queue.epoch() != epoch
    assert ["unreadable" in each["event"] for each in said] == [True]
    assert (tmp_path / "queue" / "appendonlydir.unreadable").is_dir()


def test_a_server_that_cannot_start_says_why_in_its_own_words(short: Path) -> None:
    (short / "queue" / "queue.sock" / "occupied").mkdir(parents=True)
    with pytest.raises(QueueError, match=r"queue did not start: .*Unix socket"), queue_server("", short):
        pass
    assert not servers._alive(short / "queue")


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QueueError, match="cannot be made"), queue_server("", tmp_path / "file"):
        pass


def test_a_machine_without_the_binary_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda _name: None)
    with pytest.raises(QueueError, match="set redis_url"), queue_server("", tmp_path):
        pass


def test_a_server_that_hangs_is_named_and_no_second_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with queue_server("", tmp_path) as url:
        pid = process_id(url)
        os.kill(pid, signal.SIGSTOP)
        monkeypatch.setattr(servers, "_WAIT_FOR_START", 0.05)
        try:
            with pytest.raises(QueueError, match=f"`kill {pid}`"), queue_server("", tmp_path):
                pass
        finally:
            os.kill(pid, signal.SIGCONT)
        assert process_id(url) == pid


def test_threads_that_come_and_go_find_one_server(tmp_path: Path) -> None:
    """Whoever is inside is never left without one, and no two ever run."""

    def come_and_go(_number: int) -> None:
        for _ in range(5):
            with queue_server("", tmp_path) as url, Queue(url) as queue:
                queue.ping()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(come_and_go, range(4)))
    assert not servers._alive(tmp_path / "queue")


def test_a_job_is_a_path_and_identifiers_in_json(queue: Queue) -> None:
    """With pickle, whoever can write to the server could run code in a worker."""
    queue.enqueue("slack", "workers.queue.jobs.deliver", "slack", 3)
    (job_id,) = queue.connection.lrange("rq:queue:slack", 0, -1)
    job = Job.fetch(job_id.decode(), queue.connection, JSONSerializer)
    stored = queue.connection.hget(job.key, "data")
    assert isinstance(stored, bytes)
    assert json.loads(zlib.decompress(stored)) == ["workers.queue.jobs.deliver", None, ["slack", 3], {}]
    assert (job.result_ttl, job.failure_ttl, job.retries_left) == (60, 600, 3)
    assert job.id.startswith("job_")
    assert job.id.replace("_", "").isalnum()


def test_two_jobs_for_the_same_thing_have_two_ids(queue: Queue) -> None:
    queue.enqueue("slack", "workers.queue.jobs.deliver", "slack")
    queue.enqueue("slack", "workers.queue.jobs.deliver", "slack")
    ids = queue.connection.lrange("rq:queue:slack", 0, -1)
    assert len(set(ids)) == 2
    assert queue.depth("slack") == 2


def test_a_job_with_a_term_is_forgotten_after_it(queue: Queue) -> None:
    queue.enqueue("changes", "workers.queue.jobs.describe", 1, ttl=100)
    queue.enqueue("changes", "workers.queue.jobs.describe", 2)
    lives_for = [
        queue.connection.ttl(b"rq:job:" + each) for each in queue.connection.lrange("rq:queue:changes", 0, -1)
    ]
    assert 0 < int(lives_for[0]) <= 100
    assert lives_for[1] == -1


def test_the_epoch_stands_until_the_memory_is_gone(queue: Queue) -> None:
    epoch = queue.epoch()
    assert queue.epoch() == epoch
    queue.connection.flushall()
    assert queue.epoch() != epoch


def test_a_new_epoch_can_be_declared(queue: Queue) -> None:
    old = queue.epoch()
    new = queue.begin_epoch()
    assert queue.epoch() == new != old


def test_the_first_wait_is_no_wait(queue: Queue) -> None:
    """A wake from before it listened may have been missed."""
    assert queue.wait(0) is True


def test_nobody_wakes_who_waits_in_vain(queue: Queue) -> None:
    queue.wait(0)
    assert queue.wait(0.05) is False


def test_a_wake_ends_a_wait_at_once(url: str, queue: Queue) -> None:
    queue.wait(0)
    with Queue(url) as other:
        waker = threading.Timer(0.1, other.wake)
        waker.start()
        assert queue.wait(60) is True
        waker.join()  # it is woken before the waker has its answer, for which its connection has to be open


def test_wakes_between_two_waits_are_one_and_not_missed(queue: Queue) -> None:
    queue.wait(0)
    for _ in range(20):
        queue.wake()
    assert queue.wait(60) is True
    more = 0  # the server may hand the last ones over a moment later
    while queue.wait(0.05):
        more += 1
    assert more < 5


def test_every_dispatcher_is_woken(url: str) -> None:
    with ExitStack() as stack:
        queues = [stack.enter_context(Queue(url)) for _ in range(3)]
        for each in queues:
            each.wait(0)
        queues[0].wake()
        assert [each.wait(60) for each in queues] == [True, True, True]


def test_after_an_outage_the_first_wait_is_no_wait(queue: Queue) -> None:
    queue.wait(0)
    kill(process_id(queue.url))
    with pytest.raises(QueueError):
        queue.ping()
    assert queue.wait(60) is True


def test_every_use_of_a_server_that_is_away_is_a_queue_error(tmp_path: Path) -> None:
    with Queue("redis://:hunter2@127.0.0.1:1/0") as queue:
        uses = (
            queue.ping,
            queue.epoch,
            queue.begin_epoch,
            queue.wake,
            lambda: queue.wait(0.01),
            lambda: queue.depth("slack"),
            lambda: queue.enqueue("slack", "workers.queue.jobs.deliver", "slack"),
        )
        for use in uses:
            with pytest.raises(QueueError, match=r"127\.0\.0\.1:1 cannot be used") as caught:
                use()
            assert "hunter2" not in str(caught.value)


def test_nothing_is_logged_where_nothing_is_wrong(tmp_path: Path) -> None:
    with capture_logs() as said, queue_server("", tmp_path) as url, Queue(url) as queue:
        queue.ping()
    assert said == []
