"""SIGKILL on both sides of the lines that uphold the invariants; the table is in tests/crash/__init__.py."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from monitor import publishing
from monitor.fetching import hosts
from monitor.intake import Arrival, take_in, writing
from monitor.record.settings import Settings, Source
from monitor.record.store.schema import attempts, events, messages, outbox, paces, revisions, subscriptions
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from monitor.record.values import Format, Page
from tests.crash.killing import (
    FORK,
    SIDES,
    die_at,
    die_at_commit,
    has_results,
    killed,
    let_leases_lapse,
    let_retries_come,
    ready,
    send,
    send_until_done,
    world,
)
from tests.fakes import pages
from tests.fakes.receiver import BROKEN, GONE, HANGS, Answer, Receiver, busy
from tests.fakes.transport import FakeQueue
from tests.workers.seeding import changes, count, rows
from workers.delivery import transactions
from workers.messages import fanout
from workers.messages.fanout import fan_out
from workers.queue import dispatcher, due

NOW = datetime(2030, 4, 1, tzinfo=UTC)
SOURCE = Source(id="export", format=Format.CSV, path="drop/")
LEASE = timedelta(seconds=60)  # as tests.crash.killing.world has it
PACE = timedelta(seconds=1)


def ids(receiver: Receiver) -> list[str]:
    return [request.id for request in receiver.requests]


@pytest.mark.parametrize("side", SIDES)
def test_an_intake_killed_at_its_commit(url: str, side: str) -> None:
    """Invariant 1: state, revision, event and outbox row are there, or none is and the page is news still."""
    before, after = (
        pages.export([*pages.rows(7), row]) for row in (pages.Row(), pages.Row(narrative="Done."))
    )

    def take(body: bytes) -> None:
        with Store(url) as store:
            take_in(store, Settings(), Arrival(SOURCE, Page(body, "x.csv", NOW), NOW))

    def work() -> None:
        die_at_commit(writing, "write_changes", side)
        take(after)

    take(before)
    killed(work)
    with open_store(url) as store:
        there = 0 if side == "before" else 1
        written = [count(store, table) for table in (events, outbox)]
        assert (written, count(store, revisions)) == ([there, there], 8 + there)
        take(after)
        assert [count(store, table) for table in (events, outbox)] == [1, 1]


@pytest.mark.parametrize("side", SIDES)
def test_a_fan_out_killed_at_its_commit(url: str, side: str) -> None:
    """Invariant 2: the row is never marked without its messages; run again, they are there once."""
    with Receiver() as receiver:
        here = world(url, receiver)
        row = changes(here.store, [(1, 2), (2, 2)])
        here.store.close()

        def work() -> None:
            die_at_commit(fanout, "_store", side)
            fan_out(world(url, receiver), row, datetime.now(UTC))

        killed(work)
        here = world(url, receiver)
        [box] = rows(here.store, outbox)
        done = side == "after"
        assert (box["published_at"] is not None, count(here.store, messages)) == (done, 2 * done)
        fan_out(here, row, datetime.now(UTC))
        assert count(here.store, messages) == 2
        here.store.close()


@pytest.mark.parametrize(
    ("step", "side", "posts", "lapses"),
    [
        ("claim", "before", 1, 0),  # the claim is rolled back: nobody holds the message
        ("claim", "after", 1, 1),  # claimed and never sent
        ("record", "before", 2, 1),  # sent, its result not written: the one repeat that there may be
        ("record", "after", 1, 0),  # its result is written
        ("unmark", "before", 1, 0),
        ("unmark", "after", 1, 0),
    ],
)
def test_a_job_killed_at_a_commit(url: str, step: str, side: str, posts: int, lapses: int) -> None:
    """Invariant 3: whichever commit its sender ends at, a message arrives; again only if nobody can know."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])

        def work() -> None:
            here = world(url, receiver)
            die_at_commit(transactions, step, side, *([has_results] if step == "record" else []))
            send(here)

        killed(work)
        here = world(url, receiver)
        let_leases_lapse(here.store)
        send_until_done(here)
        [row] = rows(here.store, messages)
        assert (row["state"], row["lapses"]) == ("sent", lapses)
        assert ids(receiver) == [row["id"]] * posts
        assert [each["outcome"] for each in rows(here.store, attempts)] == ["unknown"] * lapses + ["sent"]
        here.store.close()


@pytest.mark.parametrize("side", SIDES)
def test_a_killed_senders_lease_is_waited_out(url: str, side: str) -> None:
    """Invariant 4: killed before its request or during it, nobody else sends while the lease runs."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])
        receiver.script.append(HANGS)

        def work() -> None:
            here = world(url, receiver)
            if side == "before":
                die_at(transactions, "load", "before")
            send(here)

        child = FORK.Process(target=work)
        child.start()
        if side == "after":
            receiver.wait(1)
            child.kill()
        child.join()
        here = world(url, receiver)
        send(here)
        assert len(receiver.requests) == (0 if side == "before" else 1)
        receiver.script.clear()
        let_leases_lapse(here.store, in_seconds=1)
        [row] = rows(here.store, messages)
        send_until_done(here)
        [request] = receiver.requests[-1:]
        sent = rows(here.store, messages)[0]["sent_at"]
        assert request.id == row["id"]
        assert sent >= row["lease_until"]
        here.store.close()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("answer", "kept"), [(BROKEN, "due_at"), (busy("60"), "due_at"), (GONE, "paused_at")]
)
def test_a_refusal_killed_at_its_record(url: str, answer: Answer, kept: str, side: str) -> None:
    """Invariant 5: a wait or a pause binds the next process once written; unwritten, it is asked again."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])
        receiver.script.append(answer)

        def work() -> None:
            here = world(url, receiver, retry=["60s"])
            die_at_commit(transactions, "record", side, has_results)
            send(here)

        killed(work)
        here = world(url, receiver, retry=["60s"])
        [row] = rows(here.store, messages)
        paused = [each["id"] for each in rows(here.store, subscriptions) if each["paused_at"]]
        written = bool(paused) if kept == "paused_at" else row["due_at"] > row["created_at"]
        assert written is (side == "after")
        send(here)  # whatever the queue lost or kept: a job decides nothing
        assert len(receiver.requests) == 1
        if not paused:
            let_leases_lapse(here.store)
            let_retries_come(here.store, in_seconds=1)
            [row] = rows(here.store, messages)
            send_until_done(here)
            assert rows(here.store, messages)[0]["sent_at"] >= row["due_at"]
        here.store.close()


def test_no_transaction_is_open_while_a_request_is(url: str) -> None:
    """Invariant 6: a sender that hangs in its request, and is killed there, keeps nobody from writing."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])
        receiver.script.append(HANGS)

        def work() -> None:
            here = world(url, receiver)
            send(here)

        child = FORK.Process(target=work)
        child.start()
        receiver.wait(1)
        with Store(url) as store:
            for _ in range(2):
                began = time.monotonic()
                with store.write() as connection:  # the same row: it is locked by nobody
                    connection.execute(update(messages).values(due_at=messages.c.due_at))
                assert time.monotonic() - began < 15  # a request hangs for 20
                child.kill()
                child.join()


@pytest.mark.parametrize("name", ["claim", "record"])
def test_no_request_leaves_an_open_transaction(url: str, name: str) -> None:
    """Invariant 6: killed inside a transaction, what it had done is undone, and it had sent nothing."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])

        def work() -> None:
            die_at(transactions, name, "after")
            send(world(url, receiver))

        killed(work)
        here = world(url, receiver)
        [row] = rows(here.store, messages)
        assert (ids(receiver), row["lease_holder"], row["attempts"]) == ([], None, 0)
        here.store.close()


@pytest.mark.parametrize("side", SIDES)
def test_killed_between_two_messages_of_one_recommendation(url: str, side: str) -> None:
    """Invariant 8: the later one goes out when the earlier one's result is written, and never before."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)], [(1, 3)])

        def work() -> None:
            here = world(url, receiver)
            die_at_commit(transactions, "record", side, has_results)
            send(here)

        killed(work)
        here = world(url, receiver)
        first, second = [row["id"] for row in rows(here.store, messages, messages.c.created_at)]
        assert ids(receiver) == [first]
        send(here)  # whatever is written, the killed sender holds one of the two
        assert ids(receiver) == [first]
        let_leases_lapse(here.store)
        send_until_done(here)
        assert ids(receiver) == ([first, first, second] if side == "before" else [first, second])
        here.store.close()


@pytest.mark.parametrize("side", SIDES)
def test_killed_between_a_pace_and_its_request(url: str, side: str) -> None:
    """Invariant 9: a slot is taken with the claim or not at all; taken, it binds whoever comes next."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2), (2, 2)])

        def work() -> None:
            here = world(url, receiver, webhook_rate="1/s")
            die_at_commit(transactions, "claim", side)
            send(here)

        killed(work)
        here = world(url, receiver, webhook_rate="1/s")
        taken = [row["next_at"] for row in rows(here.store, paces)]
        assert (len(taken), receiver.requests) == (0 if side == "before" else 1, [])
        first = taken[0] if taken else datetime.now(UTC)
        let_leases_lapse(here.store)
        send_until_done(here)
        [slot] = [row["next_at"] for row in rows(here.store, paces)]
        assert slot - first >= 2 * PACE  # two more requests, each a pace from the one before it
        here.store.close()


@pytest.mark.parametrize("side", SIDES)
def test_a_poller_killed_between_a_hosts_turn_and_its_request(url: str, side: str) -> None:
    """Invariant 9: the next request to a site keeps its distance from one that was only allowed."""
    interval = timedelta(seconds=10)

    def work() -> None:
        die_at_commit(hosts, "_ensure", side)
        hosts.claim(Store(url), "www.gao.gov", interval, NOW)

    killed(work)
    with Store(url) as store:
        assert hosts.claim(store, "www.gao.gov", interval, NOW) is (side == "before")
        assert hosts.claim(store, "www.gao.gov", interval, NOW + interval)


@pytest.mark.parametrize("side", SIDES)
def test_a_poller_killed_as_it_publishes(url: str, side: str) -> None:
    """Promise 1: whether the mark of its job was written or not, a dispatcher finds the row."""
    here = world(url)
    row = changes(here.store, [(1, 2)])
    here.store.close()

    def work() -> None:
        die_at_commit(publishing.outbox, "update", side)
        publishing.publish(FakeQueue(), Store(url), row)

    killed(work)
    with Store(url) as store, store.write() as connection:
        now, lease = datetime.now(UTC), LEASE
        marked = [] if side == "after" else [row]
        assert due.take_outbox(connection, now, lease, FakeQueue().epoch()) == marked
        assert due.take_outbox(connection, now, lease, "epoch of a server that forgot") == [row]


@pytest.mark.parametrize("side", SIDES)
def test_a_dispatcher_killed_between_its_marks_and_its_jobs(url: str, side: str) -> None:
    """Invariant 5: a mark whose job was never made lapses with its lease, or with the queue's epoch."""
    with Receiver() as receiver:
        ready(url, (receiver,), [(1, 2)])

        def work() -> None:
            here = world(url, receiver)
            die_at(dispatcher.Dispatcher, "_enqueue_deliveries", side)
            here.queue.depth = lambda _: 0  # type: ignore[method-assign]
            dispatcher.dispatch_once(here)

        killed(work)
        with Store(url) as store, store.write() as connection:
            now, lease = datetime.now(UTC), LEASE
            epoch = FakeQueue().epoch()
            assert due.take_channels(connection, now, lease, epoch) == []
            assert due.take_channels(connection, now + lease, lease, epoch) == ["webhook"]
            assert due.take_channels(connection, now, lease, "another epoch") == ["webhook"]
