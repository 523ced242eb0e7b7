"""The dispatcher: what is due becomes jobs, once, soon, and again where the queue lost them."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from monitor.record.queue.client import Queue, QueueError, queue_server
from monitor.record.store.schema import messages, outbox
from tests.fakes.delivering import add_capture, add_message, add_notice, make, now, sent, state
from tests.fakes.processes import lives, until
from workers import context as contexts
from workers.context import Context
from workers.queue import burst, dispatcher
from workers.schedule.rounds import Rounds


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with queue_server("", tmp_path) as address:
        yield address


@pytest.fixture
def context(tmp_path: Path, url: str) -> Iterator[Context]:
    made = make(tmp_path, url)
    contexts.install(lambda: make(tmp_path, url))
    yield made
    made.store.close()
    made.queue.close()


@contextmanager
def running(context: Context, run: Any = None) -> Iterator[None]:
    """The loop in a thread, told to stop at the end."""
    stop = threading.Event()
    thread = threading.Thread(target=run or dispatcher.Dispatcher(context).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        assert not thread.is_alive()


def events(said: Sequence[Mapping[str, Any]]) -> list[str]:
    return [each["event"] for each in said]


def kill_server(context: Context) -> None:
    with Queue(context.queue.url) as asked:
        pid = int(asked.connection.info("server")["process_id"])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lives(pid))


def test_a_capture_becomes_one_job_however_often_one_looks(context: Context) -> None:
    add_capture(context.store)
    assert dispatcher.dispatch_once(context) == 1
    assert dispatcher.dispatch_once(context) == 0
    assert context.queue.depth("changes") == 1


def test_a_due_message_becomes_a_job_of_its_channel(context: Context) -> None:
    add_message(context.store)
    add_message(context.store, "screen")
    assert dispatcher.dispatch_once(context) == 2
    assert context.queue.depth("webhook") == 1
    assert context.queue.depth("console") == 1


def test_a_message_whose_time_has_not_come_becomes_none(context: Context) -> None:
    add_message(context.store, due_at=now() + timedelta(hours=1))
    assert dispatcher.dispatch_once(context) == 0


def test_a_job_that_still_waits_serves_for_what_is_due_later(context: Context) -> None:
    """Where nobody works, jobs must not pile up."""
    for _ in range(3):
        add_message(context.store)
        dispatcher.dispatch_once(context)
    assert context.queue.depth("webhook") == 1


def test_a_flushed_server_costs_one_look(context: Context) -> None:
    add_capture(context.store)
    add_message(context.store)
    dispatcher.dispatch_once(context)
    context.queue.connection.flushall()
    assert dispatcher.dispatch_once(context) == 2


def test_a_job_that_was_lost_is_made_again_after_the_lease(tmp_path: Path, url: str) -> None:
    context = make(tmp_path, url, lease="1s")
    add_capture(context.store)
    began = time.monotonic()
    assert dispatcher.dispatch_once(context) == 1
    context.queue.connection.delete("rq:queue:changes")
    until(lambda: dispatcher.dispatch_once(context) == 1)
    assert time.monotonic() - began > 0.9


def test_copies_that_nobody_takes_are_forgotten(context: Context) -> None:
    add_capture(context.store)
    dispatcher.dispatch_once(context)
    (job,) = context.queue.connection.lrange("rq:queue:changes", 0, -1)
    lease = context.configuration.delivery.lease.total_seconds()
    assert lease < int(context.queue.connection.ttl(b"rq:job:" + job)) <= lease * 10 + 1


def test_two_dispatchers_make_one_job_of_each_thing(tmp_path: Path, context: Context) -> None:
    for _ in range(20):
        add_capture(context.store)
    both = [context, make(tmp_path, context.queue.url)]
    threads = [threading.Thread(target=dispatcher.dispatch_once, args=(each,)) for each in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert context.queue.depth("changes") == 20


def test_what_the_clock_asks_for_does_not_hold_up_what_is_in_line(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_rounds: Rounds, _moment: datetime) -> None:
        raise RuntimeError("a digest that cannot be made")

    monkeypatch.setattr(Rounds, "make_due", broken)
    add_message(context.store)
    with pytest.raises(RuntimeError):
        dispatcher.dispatch_once(context)
    assert context.queue.depth("webhook") == 1


def test_nothing_is_marked_while_the_queue_server_is_away(tmp_path: Path, context: Context) -> None:
    """A mark without a job would be a lease's delay."""
    add_capture(context.store)
    with pytest.raises(QueueError):
        dispatcher.dispatch_once(make(tmp_path, "redis://127.0.0.1:1/0"))
    assert dispatcher.dispatch_once(context) == 1


def test_a_wake_is_followed_at_once(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be seen within a second, which here are ten minutes."""
    monkeypatch.setattr(dispatcher, "_LONGEST_SLEEP", 600)
    context = make(tmp_path, url, lease="1h")
    with context.store, context.queue, Queue(url) as other, running(context):
        until(lambda: other.connection.pubsub_numsub("recwatch:wake")[0][1] == 1)
        for count in range(1, 6):
            add_capture(context.store)
            other.wake()
            until(lambda count=count: other.depth("changes") == count)  # type: ignore[misc]


def test_what_was_stored_without_a_wake_is_seen_all_the_same(context: Context) -> None:
    with running(context):
        time.sleep(0.1)
        add_capture(context.store)
        until(lambda: context.queue.depth("changes") == 1)


def test_a_retry_goes_out_when_its_time_has_come(context: Context) -> None:
    with running(context):
        due = now() + timedelta(seconds=0.5)
        add_message(context.store, due_at=due)
        context.queue.wake()
        until(lambda: context.queue.depth("webhook") == 1)
        assert due <= now()


def test_a_stop_is_heard_promptly(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait until it would look again."""
    monkeypatch.setattr(dispatcher, "_LONGEST_SLEEP", 600)
    with running(context):  # which ends in a minute, or fails
        until(lambda: context.queue.connection.pubsub_numsub("recwatch:wake")[0][1] == 1)


def test_what_became_due_while_the_dispatcher_looked_is_not_slept_over(context: Context) -> None:
    """Neither due as it looked nor still to come as it lay down: it rests for a moment and no longer."""
    looked = now() - timedelta(seconds=1)
    add_message(context.store, due_at=now() - timedelta(milliseconds=500))
    assert dispatcher.seconds_to_next(context, looked) == dispatcher._SHORTEST_SLEEP
    assert dispatcher.seconds_to_next(context, now()) == dispatcher._LONGEST_SLEEP


def test_a_new_dispatcher_trusts_no_mark(context: Context) -> None:
    """Whoever set it may have been killed before the job stood in the queue."""
    row = add_capture(context.store)
    held = {"enqueued_until": now() + timedelta(minutes=5), "epoch": context.queue.epoch()}
    with context.store.write() as connection:
        connection.execute(update(outbox).where(outbox.c.id == row).values(held))
    assert dispatcher.dispatch_once(context) == 0
    with running(context):
        until(lambda: context.queue.depth("changes") == 1)


def test_the_loop_outlives_the_kill_of_the_queue_server(context: Context) -> None:
    with capture_logs() as said, running(context):
        time.sleep(0.2)
        kill_server(context)
        until(lambda: "dispatching again" in events(said))
        add_capture(context.store)
        until(lambda: Queue(context.queue.url).depth("changes") == 1)
    assert events(said) == ["nothing can be dispatched; trying until it can", "dispatching again"]


def test_after_trouble_with_the_store_no_digest_is_taken_for_made(context: Context) -> None:
    """It may be a copy now, from before the slot."""
    path = Path(str(context.store.url.database))
    dispatching = dispatcher.Dispatcher(context)
    dispatching._rounds._slots.newest["weekly", "somebody"] = "9999"
    with capture_logs() as said, running(context, dispatching.run):
        away = path.rename(path.with_name("away"))
        until(lambda: "nothing can be dispatched; trying until it can" in events(said))
        away.rename(path)
        until(lambda: "dispatching again" in events(said))
    assert dispatching._rounds._slots.newest == {}


def test_until_done_sends_what_is_due_and_leaves_what_is_not(context: Context) -> None:
    first, second = add_message(context.store), add_message(context.store, "screen")
    later = add_message(context.store, due_at=now() + timedelta(hours=1))
    assert burst.run_until_done(context) is False
    assert sorted(sent(context.home)) == sorted([first, second])
    assert state(context.store, later) == "waiting"


def test_until_done_with_nothing_due_ends_at_once(context: Context) -> None:
    began = time.monotonic()
    assert burst.run_until_done(context) is False
    assert time.monotonic() - began < 60  # it gives up 30 s beyond a lease


def test_until_done_says_that_a_message_went_dead(context: Context) -> None:
    (context.home / "refuses").write_text("tracker")
    message = add_message(context.store)
    assert burst.run_until_done(context) is True
    assert state(context.store, message) == "dead"


def test_a_message_that_was_dead_before_is_no_failure_of_this_run(context: Context) -> None:
    add_message(context.store, state="dead")
    add_message(context.store)
    assert burst.run_until_done(context) is False


def test_until_done_makes_and_sends_what_the_clock_asks_for(context: Context) -> None:
    add_notice(context.store)
    burst.run_until_done(context)
    assert len(sent(context.home)) == 1


def test_a_failed_attempt_is_left_for_its_next_time(context: Context) -> None:
    (context.home / "fails").write_text("operators")
    add_notice(context.store)
    assert burst.run_until_done(context) is False
    with context.store.read() as connection:
        assert connection.scalars(select(messages.c.state)).all() == ["waiting"]


def test_until_done_believes_no_mark(context: Context) -> None:
    held = {"enqueued_until": now() + timedelta(minutes=5), "epoch": context.queue.epoch()}
    message = add_message(context.store, **held)
    burst.run_until_done(context)
    assert sent(context.home) == [message]


def test_until_done_waits_for_what_a_killed_worker_holds(context: Context) -> None:
    message = add_message(context.store, lease_until=now() + timedelta(seconds=1), lease_holder="gone")
    burst.run_until_done(context)
    assert sent(context.home) == [message]


def test_until_done_works_on_the_queues_it_is_told_to(context: Context) -> None:
    mine = add_message(context.store, "screen")
    other = add_message(context.store)
    burst.run_until_done(context, ["console"])
    assert sent(context.home) == [mine]
    assert state(context.store, other) == "waiting"


def test_one_channels_trouble_does_not_delay_another(context: Context) -> None:
    (context.home / "hangs").write_text("tracker")
    slow, fast = add_message(context.store), add_message(context.store, "screen")
    burst.run_until_done(context)
    assert sent(context.home) == [fast, slow]


def test_until_done_gives_up_on_what_cannot_be_taken(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_message(context.store, lease_until=now() + timedelta(minutes=5), lease_holder="another machine")
    monkeypatch.setattr(burst, "_NO_PROGRESS", -59)
    with capture_logs() as said:
        assert burst.run_until_done(context) is False
    assert events(said) == ["what is due could not be taken; something else holds it"]


def test_until_done_outlives_a_worker_that_is_killed(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = add_message(context.store)
    real, first = burst._burst, context.home / "killed"

    def killed_once(name: str, parent: int) -> None:
        if not first.exists():
            first.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        real(name, parent)

    monkeypatch.setattr(burst, "_burst", killed_once)
    burst.run_until_done(context)
    assert sent(context.home) == [message]


def test_until_done_does_not_go_on_with_workers_that_break(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst, "_burst", lambda _name, _parent: os._exit(1))
    add_message(context.store)
    with pytest.raises(QueueError, match="keep ending"):
        burst.run_until_done(context)
