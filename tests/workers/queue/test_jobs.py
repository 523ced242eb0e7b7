"""The queue's jobs, and where they find their tools."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from monitor.publishing import publish
from monitor.record.queue.client import QueueError
from monitor.record.store.schema import messages, outbox
from monitor.record.store.store import Store, StoreError
from tests.fakes.transport import FakeQueue, FakeTransport
from tests.fakes.transport import context as made_up
from tests.workers.seeding import changes, configured, count, webhook
from workers import context
from workers.messages import fanout
from workers.queue import jobs


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_factory", None)
    monkeypatch.setattr(context, "_made", {})


def test_describe_and_deliver_are_all_that_stands_in_the_queue(store: Store) -> None:
    """From an outbox row to a message that has arrived, with ids as the only arguments."""
    transport = FakeTransport()
    world = made_up(store, configured(webhook()), transport)
    context.install(lambda: world)
    outbox_id = changes(store, [(1, 2)])
    jobs.describe(outbox_id)
    assert isinstance(world.queue, FakeQueue)
    assert world.queue.wakes == 1
    jobs.deliver("webhook")
    assert len(transport.arrived) == 1
    jobs.describe(outbox_id)
    assert world.queue.wakes == 1


def test_a_queue_that_is_away_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are made whether or not anybody can be woken."""
    world = made_up(store, configured(webhook()))
    context.install(lambda: world)

    def away() -> None:
        raise QueueError("away")

    monkeypatch.setattr(world.queue, "wake", away)
    jobs.describe(changes(store, [(1, 2)]))
    assert count(store, messages) == 1


def test_a_change_whose_store_was_away_for_a_moment_is_described_soon(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mark, which says that a job stands in the queue, must not keep it for a whole lease."""
    world = made_up(store, configured(webhook()))
    context.install(lambda: world)
    outbox_id = changes(store, [(1, 2)])
    assert isinstance(world.queue, FakeQueue)
    publish(world.queue, store, outbox_id)

    def away(*_: object) -> None:
        raise StoreError("deadlock detected")

    with monkeypatch.context() as patch:
        patch.setattr(fanout, "_lock", away)
        jobs.describe(outbox_id)
    with store.read() as connection:
        marked = connection.scalars(select(outbox.c.enqueued_until)).one()
    assert marked is not None
    assert marked <= datetime.now(UTC) + timedelta(seconds=2)
    publish(world.queue, store, outbox_id)  # a mark that comes late, as its job was quick
    with store.read() as connection:
        assert connection.scalars(select(outbox.c.enqueued_until)).one() == marked
    jobs.describe(outbox_id)
    assert count(store, messages) == 1


def test_a_context_is_made_once_a_process(store: Store) -> None:
    """The first job in a process makes it; a child makes its own: connections do not survive a fork."""
    made: list[int] = []

    def factory() -> context.Context:
        made.append(os.getpid())
        return made_up(store, configured())

    context.install(factory)
    assert context.current() is context.current()
    assert made == [os.getpid()]
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        context.current()
        os.write(writing, b"own" if made == [os.getppid(), os.getpid()] else b"shared")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"own"


def test_without_a_factory_there_is_no_context() -> None:
    """Who forgot to install one is told."""
    with pytest.raises(RuntimeError, match="install"):
        context.current()
